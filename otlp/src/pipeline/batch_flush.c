#include "pipeline/batch_internal.h"

#include <limits.h>
#include <stdlib.h>

#define FEW_SHARDS 16u

/* How far each shard must be taken out; the shards are those from `first` on, `count` of them. */
struct target {
    struct otlp__shard *first;
    size_t count;
    uint64_t *consumed; /* `few`, or allocated */
    uint64_t few[FEW_SHARDS];
    uint64_t last_batch; /* of those that hold items from before the flush; 0: not known yet */
};

static int set_target(struct otlp__batch *batch, struct target *target)
{
    *target = (struct target){.first = batch->shards, .count = batch->shard_count};
    target->consumed = target->count <= FEW_SHARDS
                           ? target->few
                           : malloc(target->count * sizeof *target->consumed);
    if (target->consumed == NULL) {
        return OTLP_ENOMEM;
    }
    size_t i = 0;
    for (struct otlp__shard *shard = batch->shards; shard != NULL; shard = shard->next) {
        shard->marked = shard->consumed + otlp__shard_queued(shard);
        target->consumed[i++] = shard->marked;
    }
    return 0;
}

static bool is_taken_out(const struct target *target)
{
    const struct otlp__shard *shard = target->first;
    for (size_t i = 0; i < target->count; i++) {
        if (shard->consumed < target->consumed[i]) {
            return false;
        }
        shard = shard->next;
    }
    return true;
}

static bool is_reached(struct otlp__batch *batch, struct target *target)
{
    if (target->last_batch == 0) {
        if (!is_taken_out(target)) {
            return false;
        }
        target->last_batch = batch->batch_number;
    }
    for (unsigned i = 0; batch->workers != NULL && i < batch->worker_count; i++) {
        uint64_t number = batch->workers[i].busy_with;
        if (number != 0 && number <= target->last_batch) {
            return false;
        }
    }
    return true;
}

static int wait_for_workers(struct otlp__batch *batch, struct target *target, uint64_t deadline_ns)
{
    for (bool has_time = true;;) {
        unsigned seen = otlp__event_read(&batch->progress);
        otlp__batch_lock(batch);
        bool is_done = is_reached(batch, target);
        otlp__batch_unlock(batch);
        if (is_done || !has_time) {
            return is_done ? 0 : OTLP_ETIMEOUT;
        }
        has_time = otlp__event_wait(&batch->progress, seen, deadline_ns);
    }
}

static int flush(struct otlp__batch *batch, uint64_t deadline_ns)
{
    struct target target;
    otlp__batch_lock(batch);
    int rc = set_target(batch, &target);
    if (rc == 0 && !is_reached(batch, &target)) {
        rc = otlp__workers_start(batch);
    }
    otlp__batch_unlock(batch);
    if (rc == 0) {
        otlp__event_signal(&batch->work, INT_MAX);
        rc = wait_for_workers(batch, &target, deadline_ns);
    }
    if (target.consumed != target.few) {
        free(target.consumed);
    }
    return rc;
}

int otlp__batch_force_flush(struct otlp_processor *processor, uint64_t timeout_ns)
{
    struct otlp__batch *batch = (struct otlp__batch *)processor;
    uint64_t deadline_ns = otlp__deadline_ns(timeout_ns);
    otlp__batch_lock(batch);
    bool is_shut_down = batch->is_shut_down;
    otlp__batch_unlock(batch);
    if (is_shut_down) {
        return 0;
    }
    int rc = flush(batch, deadline_ns);
    return rc != 0 ? rc : otlp_exporter_flush(processor->exporter, otlp__left_ns(deadline_ns));
}

static int stop_exporter(struct otlp__batch *batch, uint64_t deadline_ns, bool is_flushed)
{
    struct otlp_exporter *exporter = batch->base.exporter;
    int rc = is_flushed ? otlp_exporter_flush(exporter, otlp__left_ns(deadline_ns)) : 0;
    int stopped = batch->options.shares_exporter
                      ? 0
                      : otlp_exporter_shutdown(exporter, otlp__left_ns(deadline_ns));
    return rc != 0 ? rc : stopped;
}

static bool wait_for_end(struct otlp__batch *batch, uint64_t deadline_ns)
{
    for (bool has_time = true;;) {
        unsigned seen = otlp__event_read(&batch->progress);
        otlp__batch_lock(batch);
        bool is_running = otlp__workers_run(batch);
        otlp__batch_unlock(batch);
        if (!is_running || !has_time) {
            return !is_running;
        }
        has_time = otlp__event_wait(&batch->progress, seen, deadline_ns);
    }
}

int otlp__batch_shutdown(struct otlp_processor *processor, uint64_t timeout_ns)
{
    struct otlp__batch *batch = (struct otlp__batch *)processor;
    uint64_t deadline_ns = otlp__deadline_ns(timeout_ns);
    otlp__batch_lock(batch);
    bool is_first = !batch->is_shut_down;
    batch->is_shut_down = true;
    otlp__batch_unlock(batch);
    if (!is_first) {
        return 0;
    }
    atomic_store(&batch->is_accepting, false);
    otlp__event_signal(&batch->room, INT_MAX);
    uint64_t share_ns = timeout_ns / OTLP__EXPORTER_SHARE_OF_NS;
    share_ns = share_ns < 500ull * OTLP__NS_PER_MS ? share_ns : 500ull * OTLP__NS_PER_MS;
    int flushed = flush(batch, deadline_ns - share_ns);
    otlp__batch_lock(batch);
    batch->is_stopping = true;
    size_t discarded = otlp__batch_discard(batch, OTLP_DROPPED_SHUT_DOWN);
    otlp__batch_unlock(batch);
    otlp__event_signal(&batch->work, INT_MAX);
    otlp__event_signal(&batch->parked, INT_MAX);
    int stopped = stop_exporter(batch, deadline_ns, flushed == 0);
    bool has_ended = wait_for_end(batch, deadline_ns);
    if (flushed != 0 || discarded > 0 || !has_ended) {
        return flushed == OTLP_ENOMEM ? OTLP_ENOMEM : OTLP_ETIMEOUT;
    }
    return stopped;
}
