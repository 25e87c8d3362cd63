#include "pipeline/batch_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/item.h"

#define BATCH_MAX           512u
#define BATCH_MIN           16u
#define BLOCK_TIMEOUT_NS    (100ull * OTLP__NS_PER_MS)
#define TARGET_LATENCY_NS   (100ull * OTLP__NS_PER_MS)
#define MEMORY_MAX_BYTES    (64u * 1024u * 1024u)
#define DISCARDED_AT_A_TIME 64u

/* A worker that sent what is now the parent's business is gone: what it held stays as it is. */
static void start_afresh(struct otlp__batch *batch)
{
    void *items[DISCARDED_AT_A_TIME];
    for (struct otlp__shard *shard = batch->shards; shard != NULL; shard = shard->next) {
        size_t count;
        while ((count = otlp__shard_take(shard, items, DISCARDED_AT_A_TIME)) > 0) {
            for (size_t i = 0; i < count; i++) {
                otlp__item_release(batch->base.signal, items[i]);
            }
        }
        otlp__shard_restart(shard);
    }
    atomic_store(&batch->budget.slots, 0);
    atomic_store(&batch->budget.bytes, 0);
    atomic_store(&batch->budget.spent, 0);
    atomic_store(&batch->budget.level, OTLP_MEMORY_NORMAL);
    memset(&batch->work, 0, sizeof batch->work);
    memset(&batch->parked, 0, sizeof batch->parked);
    memset(&batch->room, 0, sizeof batch->room);
    memset(&batch->progress, 0, sizeof batch->progress);
    memset(&batch->counts, 0, sizeof batch->counts);
    batch->unsharded = 0;
    batch->workers = NULL;
    batch->in_flight = 0;
    /* Whoever was in the middle of a shutdown is gone, too: nobody else would end it. */
    if (batch->is_shut_down) {
        batch->is_stopping = true;
        atomic_store(&batch->is_accepting, false);
    }
}

void otlp__batch_lock(struct otlp__batch *batch)
{
    pthread_mutex_lock(&batch->lock);
    if (__builtin_expect(batch->forks != otlp__fork_count(), 0)) {
        batch->forks = otlp__fork_count();
        start_afresh(batch);
    }
}

void otlp__batch_unlock(struct otlp__batch *batch)
{
    pthread_mutex_unlock(&batch->lock);
}

size_t otlp__batch_discard(struct otlp__batch *batch, enum otlp_drop_reason reason)
{
    void *items[DISCARDED_AT_A_TIME];
    size_t discarded = 0;
    for (struct otlp__shard *shard = batch->shards; shard != NULL; shard = shard->next) {
        size_t count;
        while ((count = otlp__shard_take(shard, items, DISCARDED_AT_A_TIME)) > 0) {
            size_t bytes = 0;
            for (size_t i = 0; i < count; i++) {
                bytes += otlp__item_bytes(batch->base.signal, items[i]);
                otlp__item_release(batch->base.signal, items[i]);
            }
            atomic_fetch_sub(&batch->budget.spent, (long)count);
            otlp__budget_give(&batch->budget, count, (ptrdiff_t)bytes);
            discarded += count;
        }
    }
    batch->counts.dropped[reason] += discarded;
    return discarded;
}

static void add_shard(struct otlp_processor_counts *counts, const struct otlp__shard *shard)
{
    uint64_t newest = atomic_load_explicit(&shard->dropped_newest, memory_order_relaxed);
    uint64_t blocked = atomic_load_explicit(&shard->dropped_blocked, memory_order_relaxed);
    uint64_t memory = atomic_load_explicit(&shard->dropped_memory, memory_order_relaxed);
    uint64_t no_memory = atomic_load_explicit(&shard->dropped_no_memory, memory_order_relaxed);
    uint64_t shut_down = atomic_load_explicit(&shard->dropped_shut_down, memory_order_relaxed);
    counts->dropped[OTLP_DROPPED_NEWEST] += newest;
    counts->dropped[OTLP_DROPPED_BLOCKED] += blocked;
    counts->dropped[OTLP_DROPPED_MEMORY] += memory;
    counts->dropped[OTLP_DROPPED_NO_MEMORY] += no_memory;
    counts->dropped[OTLP_DROPPED_SHUT_DOWN] += shut_down;
    counts->queued += otlp__shard_queued(shard);
    counts->ended += atomic_load_explicit(&shard->published, memory_order_relaxed) + newest +
                     blocked + memory + no_memory + shut_down;
}

static void get_counts(struct otlp_processor *processor, struct otlp_processor_counts *counts)
{
    struct otlp__batch *batch = (struct otlp__batch *)processor;
    otlp__batch_lock(batch);
    /* A thread that was inside of a put when shutdown was called may have put it in since. */
    if (batch->is_stopping) {
        (void)otlp__batch_discard(batch, OTLP_DROPPED_SHUT_DOWN);
    }
    *counts = batch->counts;
    counts->ended = batch->unsharded;
    counts->queued = batch->in_flight;
    for (const struct otlp__shard *shard = batch->shards; shard != NULL; shard = shard->next) {
        add_shard(counts, shard);
    }
    otlp__batch_unlock(batch);
    counts->batch_size = atomic_load(&batch->batch_size);
    counts->memory_bytes = atomic_load(&batch->budget.bytes);
}

void otlp__batch_set_size(struct otlp__batch *batch, size_t items)
{
    items = items > 0 ? items : 1;
    items = items < batch->options.queue_max ? items : batch->options.queue_max;
    size_t wake_at = items;
    if (batch->options.strategy == OTLP_BATCH_TIME_FIRST) {
        wake_at = batch->options.queue_max - batch->options.queue_max / 4;
    }
    atomic_store(&batch->batch_size, items);
    atomic_store(&batch->budget.wake_at, wake_at);
}

void otlp__batch_set_workers(struct otlp_processor *processor, unsigned workers)
{
    struct otlp__batch *batch = (struct otlp__batch *)processor;
    workers = workers > 0 ? workers : 1;
    workers = workers < batch->options.workers ? workers : batch->options.workers;
    atomic_store(&batch->active_workers, workers);
    otlp__event_signal(&batch->parked, INT_MAX);
}

static void set_batch_size(struct otlp_processor *processor, size_t items)
{
    otlp__batch_set_size((struct otlp__batch *)processor, items);
}

static void free_batch(struct otlp_processor *processor)
{
    struct otlp__batch *batch = (struct otlp__batch *)processor;
    (void)otlp__batch_shutdown(processor, 0);
    otlp__workers_join(batch);
    otlp__live_remove(batch);
    otlp__batch_lock(batch);
    (void)otlp__batch_discard(batch, OTLP_DROPPED_SHUT_DOWN);
    otlp__batch_unlock(batch);
    struct otlp__shard *shard = batch->shards;
    while (shard != NULL) {
        struct otlp__shard *next = shard->next;
        otlp__shard_free(shard);
        shard = next;
    }
    pthread_mutex_destroy(&batch->lock);
    free(batch);
}

static size_t or_default(size_t value, size_t fallback)
{
    return value != 0 ? value : fallback;
}

static struct otlp_batch_options complete(enum otlp_signal signal,
                                          const struct otlp_batch_options *given)
{
    struct otlp_batch_options options = given != NULL ? *given : (struct otlp_batch_options){0};
    options.queue_max = or_default(options.queue_max, OTLP__QUEUE_MAX);
    if (options.batch_max == 0) {
        options.batch_max = options.queue_max < BATCH_MAX ? options.queue_max : BATCH_MAX;
    }
    if (options.batch_min == 0) {
        options.batch_min = options.batch_max < BATCH_MIN ? options.batch_max : BATCH_MIN;
    }
    options.delay_ns = or_default(options.delay_ns,
                                  signal == OTLP_TRACES ? OTLP__SPAN_DELAY_NS : OTLP__LOG_DELAY_NS);
    options.export_timeout_ns = or_default(options.export_timeout_ns, OTLP__EXPORT_TIMEOUT_NS);
    options.block_timeout_ns = or_default(options.block_timeout_ns, BLOCK_TIMEOUT_NS);
    options.target_latency_ns = or_default(options.target_latency_ns, TARGET_LATENCY_NS);
    options.workers = options.workers != 0 ? options.workers : 1;
    options.memory_max_bytes = or_default(options.memory_max_bytes, MEMORY_MAX_BYTES);
    options.memory_warning_bytes =
        or_default(options.memory_warning_bytes, options.memory_max_bytes / 5 * 4);
    return options;
}

static bool is_valid(enum otlp_signal signal, const struct otlp_batch_options *options)
{
    return (signal == OTLP_TRACES || signal == OTLP_LOGS) &&
           options->queue_max <= SIZE_MAX / sizeof(void *) / OTLP__WORKERS_MAX &&
           options->batch_max <= options->queue_max && options->batch_min <= options->batch_max &&
           options->workers <= OTLP__WORKERS_MAX &&
           options->memory_warning_bytes <= options->memory_max_bytes &&
           (unsigned)options->strategy <= OTLP_BATCH_SIZE_FIRST &&
           (unsigned)options->overflow <= OTLP_OVERFLOW_BLOCK;
}

static void init_budget(struct otlp__budget *budget, const struct otlp_batch_options *options)
{
    budget->slots_max = options->queue_max;
    budget->bytes_max = options->memory_max_bytes;
    budget->bytes_warning = options->memory_warning_bytes;
    budget->on_memory = options->on_memory;
    budget->user = options->user;
    atomic_init(&budget->lot, 1);
    atomic_init(&budget->bytes_lot, 1);
}

int otlp_batch_processor_new(enum otlp_signal signal, struct otlp_exporter *exporter,
                             const struct otlp_batch_options *options,
                             struct otlp_processor **processor)
{
    static const struct otlp__processor_ops ops = {
        .put = otlp__batch_put,
        .counts = get_counts,
        .force_flush = otlp__batch_force_flush,
        .shutdown = otlp__batch_shutdown,
        .set_batch_size = set_batch_size,
        .set_workers = otlp__batch_set_workers,
        .free = free_batch,
    };
    struct otlp_batch_options completed = complete(signal, options);
    if (!is_valid(signal, &completed)) {
        return OTLP_EINVAL;
    }
    struct otlp__batch *batch = aligned_alloc(alignof(struct otlp__batch), sizeof *batch);
    if (batch == NULL) {
        return OTLP_ENOMEM;
    }
    memset(batch, 0, sizeof *batch);
    batch->base = (struct otlp_processor){&ops, signal, exporter};
    batch->options = completed;
    init_budget(&batch->budget, &completed);
    otlp__batch_set_size(batch, completed.batch_max);
    atomic_init(&batch->is_accepting, true);
    atomic_init(&batch->active_workers, completed.workers);
    if (pthread_mutex_init(&batch->lock, NULL) != 0) {
        free(batch);
        return OTLP_ENOMEM;
    }
    if (otlp__live_add(batch) != 0) {
        pthread_mutex_destroy(&batch->lock);
        free(batch);
        return OTLP_ENOMEM;
    }
    *processor = &batch->base;
    return 0;
}
