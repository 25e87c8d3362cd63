/*
 * Processors: from ended spans and emitted log records to requests of an exporter.
 *
 * A processor takes the items of one signal (OTLP_TRACES or OTLP_LOGS) from a provider
 * (provider.h), encodes them, and gives the requests to its exporter.
 *
 *   batch   items wait in a bounded queue; worker threads make batches of them. Who ends a span
 *           hands it over without a lock, without an allocation and without a copy.
 *   simple  each item is encoded and sent by the thread that ends it, one at a time. For debugging.
 *
 * Every item is accounted for. At any point of rest (nobody is inside of a call):
 *
 *     ended = delivered + rejected + sum of dropped[reason] + queued
 *
 * fork(): in the child, a processor forgets what the parent had queued (the parent still exports
 * it), counts from zero, and starts workers of its own when they are first needed. A processor that
 * was shut down stays so. What a worker of the parent was just sending is not freed in the child.
 * Whether the exporter can be used on both sides is for the exporter to say.
 */
#ifndef OTLP_PROCESSOR_H
#define OTLP_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/exporter.h>
#include <otlp/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/* When a batch is made. A flush and a shutdown make batches of whatever there is. */
enum otlp_batch_strategy {
    /* The queue holds a full batch, or the delay has passed since the batch before (specification,
     * trace SDK "Batching processor"). The default. */
    OTLP_BATCH_HYBRID,
    /* The delay: few, regular requests. Earlier only when the queue is three quarters full. */
    OTLP_BATCH_TIME_FIRST,
    /* A full batch: as few requests as possible. What is left over waits for ten delays. */
    OTLP_BATCH_SIZE_FIRST,
};

/* What happens to a new item when the queue is full. */
enum otlp_overflow {
    OTLP_OVERFLOW_DROP_NEWEST, /* it is dropped (the specification's rule, the default) */
    OTLP_OVERFLOW_DROP_OLDEST, /* the oldest in the queue is dropped to make room */
    OTLP_OVERFLOW_BLOCK,       /* its thread waits, up to block_timeout_ns; then it is dropped */
};

/* Why an item was not delivered. */
enum otlp_drop_reason {
    OTLP_DROPPED_NEWEST,    /* the queue was full */
    OTLP_DROPPED_OLDEST,    /* it had to make room */
    OTLP_DROPPED_BLOCKED,   /* its thread waited for room in vain */
    OTLP_DROPPED_MEMORY,    /* the memory ceiling was reached */
    OTLP_DROPPED_NO_MEMORY, /* an allocation failed */
    OTLP_DROPPED_SHUT_DOWN, /* offered after shutdown, or left over when its time was up */
    OTLP_DROPPED_UNENCODED, /* it could not be encoded */
    OTLP_DROPPED_REFUSED,   /* as OTLP_EXPORT_REFUSED, and so on */
    OTLP_DROPPED_TIMED_OUT,
    OTLP_DROPPED_UNAVAILABLE,
    OTLP_DROPPED_FAILED,
};

#define OTLP_DROP_REASONS 11

enum otlp_memory_level {
    OTLP_MEMORY_NORMAL,
    OTLP_MEMORY_WARNING,  /* above memory_warning_bytes */
    OTLP_MEMORY_CRITICAL, /* no room below memory_max_bytes: new items are dropped */
};

/* Called when the level changes, by the thread that notices it: any thread that ends spans, or a
 * worker. It must not block, nor call anything that reaches this processor. */
typedef void otlp_memory_hook(void *user, enum otlp_memory_level level, size_t bytes);

/*
 * How a batch processor works. A zeroed structure has the specification's defaults, which differ
 * between spans and log records only in the delay. 0 in a member is its default.
 */
struct otlp_batch_options {
    size_t queue_max;  /* items that wait at most: 2048 */
    size_t batch_max;  /* items in a request at most: 512, or queue_max when that is less */
    uint64_t delay_ns; /* 5 s for spans, 1 s for log records */
    uint64_t export_timeout_ns; /* for one request, retries included: 30 s */
    enum otlp_batch_strategy strategy;
    enum otlp_overflow overflow;
    uint64_t block_timeout_ns; /* for OTLP_OVERFLOW_BLOCK: 100 ms */
    unsigned workers;          /* threads that encode and send: 1, at most 64. With more than one,
                                  exports overlap, which the specification does not ask for */
    /* The size of batches follows the time that sending one takes (otlp_batch_adapt()), between
     * batch_min and batch_max, starting from batch_max. */
    bool is_adaptive;
    uint64_t target_latency_ns; /* 100 ms */
    size_t batch_min;           /* 16, or batch_max when that is less */
    /* Memory of queued items, of those that are being encoded, and of the workers' buffers. The
     * buffers are counted when they have grown, so that the ceiling may be passed by what one batch
     * a worker needs. */
    size_t memory_max_bytes;     /* 64 MiB */
    size_t memory_warning_bytes; /* four fifths of memory_max_bytes */
    otlp_memory_hook *on_memory; /* NULL: nobody is told */
    void *user;                  /* handed to on_memory */
    bool shares_exporter;        /* others use the exporter, too: shutdown leaves it alone, and an
                                    export under way may then outlast the time-out of a shutdown */
};

struct otlp_processor;

/*
 * Makes a processor of the signal (OTLP_TRACES or OTLP_LOGS). The exporter stays the caller's and
 * outlives the processor. options may be NULL. Workers are started when the first item comes.
 * OTLP_EINVAL: another signal, batch_max above queue_max, batch_min above batch_max, workers above
 * 64, memory_warning_bytes above memory_max_bytes. OTLP_ENOMEM.
 */
OTLP_API int otlp_batch_processor_new(enum otlp_signal signal, struct otlp_exporter *exporter,
                                      const struct otlp_batch_options *options,
                                      struct otlp_processor **processor);

/* The same for a simple processor. export_timeout_ns 0: 30 s. */
OTLP_API int otlp_simple_processor_new(enum otlp_signal signal, struct otlp_exporter *exporter,
                                       uint64_t export_timeout_ns,
                                       struct otlp_processor **processor);

struct otlp_processor_counts {
    uint64_t ended;     /* items that were offered, accepted or not */
    uint64_t delivered; /* items that the exporter delivered */
    uint64_t rejected;  /* items that a partial success left out */
    uint64_t dropped[OTLP_DROP_REASONS];
    uint64_t queued;     /* items that wait or are being exported */
    uint64_t requests;   /* requests that were given to the exporter */
    uint64_t sending_ns; /* time that the exporter took for them, together */
    size_t batch_size;   /* items of a full batch, as adapted */
    size_t memory_bytes; /* what memory_max_bytes bounds; simple: 0 */
};

/* Any thread. */
OTLP_API void otlp_processor_counts(struct otlp_processor *processor,
                                    struct otlp_processor_counts *counts);

/* Sum of dropped[]. */
OTLP_API uint64_t otlp_processor_counts_dropped(const struct otlp_processor_counts *counts);

/* "newest", "oldest", "blocked", "memory", "no memory", "shut down", "unencoded", "refused",
 * "timed out", "unavailable", "failed". Static text. */
OTLP_API const char *otlp_drop_reason_name(enum otlp_drop_reason reason);

/*
 * Waits until everything that ended before the call is exported or dropped, and makes the exporter
 * flush. OTLP_ETIMEOUT: not within the time-out; exporting goes on. OTLP_ENOMEM. After shutdown: 0.
 * Any thread but those of the exporter.
 */
OTLP_API int otlp_processor_force_flush(struct otlp_processor *processor, uint64_t timeout_ns);

/*
 * Accepts nothing any more, flushes, and shuts the exporter down. What could not be exported within
 * the time-out is dropped and counted. Returns at the latest when the time-out has passed, and a
 * little. OTLP_ETIMEOUT: something was dropped, or a worker is still inside of the exporter.
 * Again: 0.
 */
OTLP_API int otlp_processor_shutdown(struct otlp_processor *processor, uint64_t timeout_ns);

/* Shuts down with a time-out of 0 when that was not done, waits for the workers, and frees the
 * processor; not for one that a provider owns. NULL is allowed. */
OTLP_API void otlp_processor_free(struct otlp_processor *processor);

/* Sets the size of a full batch, between 1 and queue_max; the adaptation goes on from there. No
 * effect on a simple processor. Any thread. */
OTLP_API void otlp_processor_set_batch_size(struct otlp_processor *processor, size_t items);

/* Lets only so many of the workers export from now on, between 1 and options.workers. No effect on
 * a simple processor. Any thread. */
OTLP_API void otlp_processor_set_workers(struct otlp_processor *processor, unsigned workers);

/*
 * The size of the next batches after one of `size` items took latency_ns to send: a fifth less when
 * that is above the target, a fifth more when it is below half of it, at least by one item, and
 * within min and max.
 */
OTLP_API size_t otlp_batch_adapt(size_t size, uint64_t latency_ns, uint64_t target_ns, size_t min,
                                 size_t max);

/*
 * Fills in what the environment says and leaves the rest: OTEL_BSP_ (spans) or OTEL_BLRP_ (log
 * records) with SCHEDULE_DELAY, EXPORT_TIMEOUT (milliseconds), MAX_QUEUE_SIZE and
 * MAX_EXPORT_BATCH_SIZE (specification, "Environment Variable Specification"). What is empty is as
 * if unset. A size of batches above the queue's becomes the queue's. Returns how many values were
 * not numbers above 0 and therefore ignored, one more when the size of batches was cut.
 */
OTLP_API int otlp_batch_options_from_environment(enum otlp_signal signal,
                                                 struct otlp_batch_options *options);

#ifdef __cplusplus
}
#endif

#endif
