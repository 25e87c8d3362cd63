/*
 * The batch processor: how its parts share it.
 *
 *   batch.c          making, counting, freeing
 *   batch_put.c      the side of the threads that end items
 *   batch_worker.c   the threads that make batches of them
 *   batch_flush.c    flush and shutdown
 *   live.c           which processors there are: threads that end, fork()
 *
 * Items: thread -> its shard -> (lock) worker -> exporter. Threads that put items in take the lock
 * only to get a shard, and to drop the oldest item when the queue is full.
 */
#ifndef OTLP_PIPELINE_BATCH_INTERNAL_H
#define OTLP_PIPELINE_BATCH_INTERNAL_H

#include <pthread.h>

#include "fork_count.h"
#include "pipeline/batch_encode.h"
#include "pipeline/budget.h"
#include "pipeline/event.h"
#include "pipeline/processor_internal.h"
#include "pipeline/shard.h"

#define OTLP__WORKERS_MAX 64u

struct otlp__batch;

struct otlp__worker {
    struct otlp__batch *batch;
    unsigned index;
    pthread_t thread;
    uint64_t busy_with; /* under the lock: number of the batch, 0: none */
    bool is_running;    /* under the lock */
    struct otlp__batch_encoder encoder;
    size_t counted_bytes; /* of the encoder, in the budget */
    void **items;         /* queue_max */
};

struct otlp__batch {
    struct otlp_processor base;
    uint64_t id; /* never used again for another processor */
    struct otlp_batch_options options;
    atomic_bool is_accepting;
    atomic_bool is_starved; /* a thread found the queue full */
    atomic_size_t batch_size;
    atomic_uint active_workers; /* those of a lower index export, the others pause */
    struct otlp__budget budget;
    alignas(64) struct otlp__event work; /* for workers */
    struct otlp__event parked;           /* for workers that are to pause */
    struct otlp__event room;             /* for threads that wait for a slot */
    struct otlp__event progress;         /* for flush and shutdown */

    pthread_mutex_t lock; /* held for as long as it takes to move pointers; guards the rest */
    struct otlp__shard *shards;
    struct otlp__shard *next_shard; /* where the next batch begins; NULL: at the first */
    size_t shard_count;
    struct otlp__worker *workers; /* NULL: not started */
    unsigned worker_count;
    uint64_t batch_number;               /* of the batch that was taken last */
    uint64_t due_ns;                     /* when the delay is over */
    size_t in_flight;                    /* items that workers have */
    struct otlp_processor_counts counts; /* delivered, rejected, dropped by this side, requests */
    uint64_t unsharded;                  /* items dropped because there was no shard for them */
    unsigned forks;                      /* otlp__fork_count() when it was made, or begun afresh */
    bool is_shut_down;                   /* shutdown was called */
    bool is_stopping;                    /* workers are to end */
    struct otlp__batch *next_live;
};

/* ---- batch.c ---- */

/* Takes the lock; in a child after fork(), makes a fresh start first. */
void otlp__batch_lock(struct otlp__batch *batch);
void otlp__batch_unlock(struct otlp__batch *batch);

/* Under the lock: drops everything that waits, counted. Returns how many items. */
size_t otlp__batch_discard(struct otlp__batch *batch, enum otlp_drop_reason reason);

void otlp__batch_set_workers(struct otlp_processor *processor, unsigned workers);
void otlp__batch_set_size(struct otlp__batch *batch, size_t items);

/* ---- batch_put.c ---- */

void otlp__batch_put(struct otlp_processor *processor, void *item, size_t bytes);

/* ---- batch_worker.c ---- */

/* Under the lock: starts the workers unless they run or are to end. OTLP_ENOMEM. */
int otlp__workers_start(struct otlp__batch *batch);

/* Under the lock. */
bool otlp__workers_run(const struct otlp__batch *batch);

/* Waits for their end and frees them. */
void otlp__workers_join(struct otlp__batch *batch);

/* ---- batch_flush.c ---- */

int otlp__batch_force_flush(struct otlp_processor *processor, uint64_t timeout_ns);
int otlp__batch_shutdown(struct otlp_processor *processor, uint64_t timeout_ns);

/* ---- live.c ---- */

#define OTLP__THREAD_SHARDS 8u

/* The shards of this thread, by the processor's id. */
struct otlp__thread_shards {
    struct {
        uint64_t batch_id; /* 0: none */
        struct otlp__shard *shard;
    } entries[OTLP__THREAD_SHARDS];
    uint64_t token; /* 0: not drawn yet */
};

extern _Thread_local struct otlp__thread_shards otlp__thread_shards
    __attribute__((tls_model("initial-exec")));

/* The shard of this thread, made or taken over when there is none. NULL: out of memory. */
struct otlp__shard *otlp__shard_attach(struct otlp__batch *batch);

static inline struct otlp__shard *otlp__shard_of_thread(struct otlp__batch *batch)
{
    size_t at = batch->id % OTLP__THREAD_SHARDS;
    if (__builtin_expect(otlp__thread_shards.entries[at].batch_id == batch->id, 1)) {
        return otlp__thread_shards.entries[at].shard;
    }
    return otlp__shard_attach(batch);
}

/* Enters the processor among those that live, with a fresh id; takes it out. OTLP_ENOMEM: the
 * handlers for fork() and the end of threads cannot be installed. */
int otlp__live_add(struct otlp__batch *batch);
void otlp__live_remove(struct otlp__batch *batch);

/* Whoever wants to be told, in the child and before anything else runs there. */
struct otlp__forked {
    void (*in_child)(struct otlp__forked *forked);
    struct otlp__forked *next;
};

/* OTLP_ENOMEM. */
int otlp__forked_add(struct otlp__forked *forked);
void otlp__forked_remove(struct otlp__forked *forked);

#endif
