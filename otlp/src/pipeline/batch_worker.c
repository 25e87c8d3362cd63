#include "pipeline/batch_internal.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>

#include "pipeline/item.h"
#include "thread.h"

/* A partial batch of OTLP_BATCH_SIZE_FIRST waits for so many delays. */
#define SIZE_FIRST_DELAYS 10u
/* A buffer above this share of the memory ceiling is not kept for the next batch. */
#define BUFFER_SHARE_MAX 4u

static uint64_t period_ns(const struct otlp_batch_options *options)
{
    uint64_t delays = options->strategy == OTLP_BATCH_SIZE_FIRST ? SIZE_FIRST_DELAYS : 1;
    return options->delay_ns > UINT64_MAX / delays ? UINT64_MAX : delays * options->delay_ns;
}

static void mark_all(struct otlp__batch *batch)
{
    for (struct otlp__shard *shard = batch->shards; shard != NULL; shard = shard->next) {
        shard->marked = shard->consumed + otlp__shard_queued(shard);
    }
}

/* Whether a batch is to be made now, under the lock. */
static bool is_due(struct otlp__batch *batch, uint64_t now_ns)
{
    bool is_starved = atomic_exchange(&batch->is_starved, false);
    if (now_ns >= batch->due_ns) {
        mark_all(batch);
        batch->due_ns = otlp__monotonic_after(now_ns, period_ns(&batch->options));
    }
    size_t queued = 0;
    bool is_marked = false;
    for (struct otlp__shard *shard = batch->shards; shard != NULL; shard = shard->next) {
        queued += otlp__shard_queued(shard);
        is_marked = is_marked || shard->marked > shard->consumed;
    }
    return queued > 0 && (is_marked || is_starved || queued >= atomic_load(&batch->budget.wake_at));
}

/* Takes up to a batch of items, beginning with another shard each time. */
static size_t take(struct otlp__batch *batch, void **items)
{
    size_t max = atomic_load(&batch->batch_size);
    size_t count = 0;
    struct otlp__shard *shard = batch->next_shard;
    for (size_t i = 0; i <= batch->shard_count && count < max; i++) {
        shard = shard != NULL ? shard : batch->shards;
        count += otlp__shard_take(shard, items + count, max - count);
        shard = shard->next;
    }
    batch->next_shard = shard;
    return count;
}

static size_t take_batch(struct otlp__worker *worker)
{
    struct otlp__batch *batch = worker->batch;
    uint64_t now_ns = otlp__monotonic_ns();
    if (batch->is_stopping || !is_due(batch, now_ns)) {
        return 0;
    }
    size_t count = take(batch, worker->items);
    worker->busy_with = ++batch->batch_number;
    batch->in_flight += count;
    batch->due_ns = otlp__monotonic_after(now_ns, period_ns(&batch->options));
    return count;
}

static size_t release_items(struct otlp__batch *batch, void *const *items, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += otlp__item_bytes(batch->base.signal, items[i]);
        otlp__item_release(batch->base.signal, items[i]);
    }
    return bytes;
}

/* What is encoded is freed before it is sent. */
static int encode(struct otlp__worker *worker, size_t count)
{
    struct otlp__batch *batch = worker->batch;
    int rc = otlp__batch_encode(&worker->encoder, batch->base.signal,
                                batch->base.exporter->encoding, worker->items, count);
    size_t freed = release_items(batch, worker->items, count);
    size_t held = otlp__batch_encoder_bytes(&worker->encoder);
    ptrdiff_t grown = (ptrdiff_t)held - (ptrdiff_t)worker->counted_bytes;
    worker->counted_bytes = held;
    otlp__budget_give(&batch->budget, 0, (ptrdiff_t)freed - grown);
    return rc;
}

static void shrink(struct otlp__worker *worker)
{
    struct otlp__batch *batch = worker->batch;
    if (worker->counted_bytes <= batch->options.memory_max_bytes / BUFFER_SHARE_MAX) {
        return;
    }
    otlp__batch_encoder_release(&worker->encoder);
    size_t held = otlp__batch_encoder_bytes(&worker->encoder);
    otlp__budget_give(&batch->budget, 0, (ptrdiff_t)worker->counted_bytes - (ptrdiff_t)held);
    worker->counted_bytes = held;
}

/* Only a full batch tells that larger ones would be as quick. */
static void adapt(struct otlp__batch *batch, size_t count, uint64_t latency_ns)
{
    const struct otlp_batch_options *options = &batch->options;
    size_t size = atomic_load(&batch->batch_size);
    size_t adapted = otlp_batch_adapt(size, latency_ns, options->target_latency_ns,
                                      options->batch_min, options->batch_max);
    if (options->is_adaptive && (adapted < size || count >= size)) {
        otlp__batch_set_size(batch, adapted);
    }
}

static void export_batch(struct otlp__worker *worker, size_t count)
{
    struct otlp__batch *batch = worker->batch;
    atomic_fetch_sub_explicit(&batch->budget.spent, (long)count, memory_order_relaxed);
    otlp__budget_give(&batch->budget, count, 0);
    otlp__event_signal(&batch->room, INT_MAX);
    struct otlp_export_result result = {.outcome = OTLP_EXPORT_FAILED};
    enum otlp_export_outcome outcome = OTLP_EXPORT_FAILED;
    uint64_t took_ns = 0;
    int rc = encode(worker, count);
    if (rc == 0) {
        const struct otlp_export request = {
            .signal = batch->base.signal,
            .data = worker->encoder.request.data,
            .data_len = worker->encoder.request.len,
            .items = count,
            .timeout_ns = batch->options.export_timeout_ns,
        };
        uint64_t began_ns = otlp__monotonic_ns();
        outcome = otlp_exporter_send(batch->base.exporter, &request, &result);
        took_ns = otlp__monotonic_ns() - began_ns;
        adapt(batch, count, took_ns);
    }
    shrink(worker);
    otlp__batch_lock(batch);
    otlp__count_export(&batch->counts, count, rc, outcome, result.rejected);
    batch->counts.sending_ns += took_ns;
    batch->in_flight -= count;
    worker->busy_with = 0;
    otlp__batch_unlock(batch);
    otlp__event_signal(&batch->progress, INT_MAX);
}

/* A worker that pauses hands on what may have woken it. */
static void *work(void *arg)
{
    struct otlp__worker *worker = arg;
    struct otlp__batch *batch = worker->batch;
    bool is_stopping = false;
    while (!is_stopping) {
        unsigned seen = otlp__event_read(&batch->work);
        unsigned parked_seen = otlp__event_read(&batch->parked);
        bool is_active = worker->index < atomic_load(&batch->active_workers);
        otlp__batch_lock(batch);
        size_t count = is_active ? take_batch(worker) : 0;
        uint64_t due_ns = batch->due_ns;
        is_stopping = batch->is_stopping;
        otlp__batch_unlock(batch);
        if (count > 0) {
            export_batch(worker, count);
        } else if (!is_stopping && is_active) {
            (void)otlp__event_wait(&batch->work, seen, due_ns);
        } else if (!is_stopping) {
            otlp__event_signal(&batch->work, 1);
            (void)otlp__event_wait(&batch->parked, parked_seen, OTLP__FOREVER);
        }
    }
    otlp__batch_lock(batch);
    worker->is_running = false;
    otlp__batch_unlock(batch);
    otlp__event_signal(&batch->progress, INT_MAX);
    return NULL;
}

static void release_worker(struct otlp__worker *worker)
{
    otlp__budget_give(&worker->batch->budget, 0, (ptrdiff_t)worker->counted_bytes);
    otlp__batch_encoder_release(&worker->encoder);
    free(worker->items);
}

static int start_one(struct otlp__batch *batch, struct otlp__worker *worker, unsigned index)
{
    worker->batch = batch;
    worker->index = index;
    worker->items = malloc(batch->options.queue_max * sizeof *worker->items);
    if (worker->items == NULL) {
        release_worker(worker);
        return OTLP_ENOMEM;
    }
    worker->is_running = otlp__thread_start(&worker->thread, work, worker);
    if (!worker->is_running) {
        release_worker(worker);
        return OTLP_ENOMEM;
    }
    return 0;
}

int otlp__workers_start(struct otlp__batch *batch)
{
    if (batch->workers != NULL || batch->is_stopping) {
        return 0;
    }
    struct otlp__worker *workers = calloc(batch->options.workers, sizeof *workers);
    if (workers == NULL) {
        return OTLP_ENOMEM;
    }
    batch->workers = workers;
    batch->due_ns = otlp__deadline_ns(period_ns(&batch->options));
    unsigned started = 0;
    while (started < batch->options.workers && start_one(batch, &workers[started], started) == 0) {
        started++;
    }
    if (started == 0) {
        free(workers);
        batch->workers = NULL;
        return OTLP_ENOMEM;
    }
    batch->worker_count = started;
    return 0;
}

bool otlp__workers_run(const struct otlp__batch *batch)
{
    for (unsigned i = 0; batch->workers != NULL && i < batch->worker_count; i++) {
        if (batch->workers[i].is_running) {
            return true;
        }
    }
    return false;
}

void otlp__workers_join(struct otlp__batch *batch)
{
    otlp__batch_lock(batch);
    struct otlp__worker *workers = batch->workers;
    batch->workers = NULL;
    otlp__batch_unlock(batch);
    for (unsigned i = 0; workers != NULL && i < batch->worker_count; i++) {
        pthread_join(workers[i].thread, NULL);
        release_worker(&workers[i]);
    }
    free(workers);
}
