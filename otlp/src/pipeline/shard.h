/*
 * A thread's own queue into a batch processor: one thread puts in, whoever holds the processor's
 * lock takes out. Items lie in chunks of memory blocks that follow each other, so that a queue
 * takes as much memory as it holds items.
 *
 * Counters of the thread that fills it are written without read-modify-write instructions; others
 * may read them at any time.
 */
#ifndef OTLP_PIPELINE_SHARD_H
#define OTLP_PIPELINE_SHARD_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/processor.h>

#include "block.h"

#define OTLP__CHUNK_BYTES 1024u
#define OTLP__CHUNK_ITEMS                                                                          \
    ((OTLP__CHUNK_BYTES - sizeof(struct otlp__block) - sizeof(void *)) / sizeof(void *))

struct otlp__chunk {
    struct otlp__block block;
    struct otlp__chunk *following; /* set before an item of it is published */
    void *items[OTLP__CHUNK_ITEMS];
};

struct otlp__shard {
    /* The thread that fills it. */
    alignas(64) struct otlp__chunk *tail;
    size_t tail_index;
    size_t slots;                     /* taken from the budget and not spent */
    size_t slots_lot;                 /* spent and not told */
    size_t bytes;                     /* taken from the budget and not spent */
    _Atomic uint64_t published;       /* items put in, ever */
    _Atomic uint64_t dropped_newest;  /* queue full */
    _Atomic uint64_t dropped_blocked; /* waited in vain */
    _Atomic uint64_t dropped_memory;  /* ceiling */
    _Atomic uint64_t dropped_no_memory;
    _Atomic uint64_t dropped_shut_down;
    /* Whoever holds the lock. */
    alignas(64) struct otlp__chunk *head;
    size_t head_index;
    uint64_t consumed; /* items taken out, ever */
    uint64_t marked;   /* items up to here are to be exported without waiting for more */
    uint64_t owner;    /* token of the thread; 0: free for another */
    struct otlp__shard *next;
};

/* An empty shard. NULL: out of memory. */
struct otlp__shard *otlp__shard_new(void);

/* Frees the shard, which must be empty, or the items are lost. */
void otlp__shard_free(struct otlp__shard *shard);

/* In a child after fork(), when all items are taken out: as new, without an owner, whatever the
 * thread that filled it was doing. */
void otlp__shard_restart(struct otlp__shard *shard);

/* A new chunk at the tail. OTLP_ENOMEM. */
int otlp__shard_extend(struct otlp__shard *shard);

static inline void otlp__count_one(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* Room for one more item: 0, or OTLP_ENOMEM. */
static inline int otlp__shard_make_room(struct otlp__shard *shard)
{
    return __builtin_expect(shard->tail_index < OTLP__CHUNK_ITEMS, 1) ? 0
                                                                      : otlp__shard_extend(shard);
}

/* Puts an item in, for which there is room. */
static inline void otlp__shard_put(struct otlp__shard *shard, void *item)
{
    shard->tail->items[shard->tail_index++] = item;
    uint64_t published = atomic_load_explicit(&shard->published, memory_order_relaxed);
    atomic_store_explicit(&shard->published, published + 1, memory_order_release);
}

/* Under the lock. Items that wait; the oldest of them (there must be one); taking out. */
size_t otlp__shard_queued(const struct otlp__shard *shard);
void *otlp__shard_oldest(struct otlp__shard *shard);
size_t otlp__shard_take(struct otlp__shard *shard, void **items, size_t max);

#endif
