#include "pipeline/batch_internal.h"

#include <limits.h>

#include "pipeline/item.h"

/* Makes the workers look at a queue that has no room, however little of it is filled. */
static void starve(struct otlp__batch *batch)
{
    if (!atomic_exchange(&batch->is_starved, true)) {
        otlp__event_signal(&batch->work, 1);
    }
}

static struct otlp__shard *shard_with_oldest(struct otlp__batch *batch)
{
    struct otlp__shard *oldest = NULL;
    uint64_t oldest_ns = UINT64_MAX;
    for (struct otlp__shard *shard = batch->shards; shard != NULL; shard = shard->next) {
        if (otlp__shard_queued(shard) > 0) {
            uint64_t time_ns = otlp__item_time_ns(batch->base.signal, otlp__shard_oldest(shard));
            if (oldest == NULL || time_ns < oldest_ns) {
                oldest = shard;
                oldest_ns = time_ns;
            }
        }
    }
    return oldest;
}

/* The slot of the oldest item becomes the thread's own. False: nothing waits. */
static bool replace_oldest(struct otlp__batch *batch, struct otlp__shard *own)
{
    void *item = NULL;
    otlp__batch_lock(batch);
    struct otlp__shard *shard = shard_with_oldest(batch);
    if (shard != NULL) {
        (void)otlp__shard_take(shard, &item, 1);
        batch->counts.dropped[OTLP_DROPPED_OLDEST]++;
    }
    otlp__batch_unlock(batch);
    if (item == NULL) {
        return false;
    }
    size_t bytes = otlp__item_bytes(batch->base.signal, item);
    otlp__item_release(batch->base.signal, item);
    atomic_fetch_sub_explicit(&batch->budget.spent, 1, memory_order_relaxed);
    otlp__budget_give(&batch->budget, 0, (ptrdiff_t)bytes);
    otlp__event_signal(&batch->progress, INT_MAX);
    own->slots = 1;
    return true;
}

static bool wait_for_slot(struct otlp__batch *batch, struct otlp__shard *shard)
{
    uint64_t deadline_ns = otlp__deadline_ns(batch->options.block_timeout_ns);
    bool has_time = true;
    while (has_time) {
        unsigned seen = otlp__event_read(&batch->room);
        shard->slots = otlp__budget_take_slots(&batch->budget, 1);
        if (shard->slots > 0) {
            return true;
        }
        if (!atomic_load(&batch->is_accepting)) {
            return false;
        }
        starve(batch);
        has_time = otlp__event_wait(&batch->room, seen, deadline_ns);
    }
    return false;
}

/* Counts the item as dropped when there is no slot for it. */
static bool get_slot(struct otlp__batch *batch, struct otlp__shard *shard)
{
    shard->slots = otlp__budget_take_slots(&batch->budget, otlp__budget_lot(&batch->budget));
    if (shard->slots > 0) {
        return true;
    }
    switch (batch->options.overflow) {
    case OTLP_OVERFLOW_BLOCK:
        if (wait_for_slot(batch, shard)) {
            return true;
        }
        otlp__count_one(atomic_load(&batch->is_accepting) ? &shard->dropped_blocked
                                                          : &shard->dropped_shut_down);
        return false;
    case OTLP_OVERFLOW_DROP_OLDEST:
        starve(batch);
        if (replace_oldest(batch, shard)) {
            return true;
        }
        shard->slots = otlp__budget_take_slots(&batch->budget, 1);
        if (shard->slots > 0) {
            return true;
        }
        break;
    case OTLP_OVERFLOW_DROP_NEWEST:
        starve(batch);
        break;
    }
    otlp__count_one(&shard->dropped_newest);
    return false;
}

/* Room, bytes and a slot for one more item, or the item is counted as dropped. */
static __attribute__((noinline)) bool admit(struct otlp__batch *batch, struct otlp__shard *shard,
                                            size_t bytes)
{
    if (!atomic_load_explicit(&batch->is_accepting, memory_order_relaxed)) {
        otlp__count_one(&shard->dropped_shut_down);
        return false;
    }
    if (otlp__shard_make_room(shard) != 0) {
        otlp__count_one(&shard->dropped_no_memory);
        return false;
    }
    if (shard->bytes < bytes) {
        size_t taken = otlp__budget_take_bytes(&batch->budget, bytes - shard->bytes);
        if (taken == 0) {
            otlp__count_one(&shard->dropped_memory);
            return false;
        }
        shard->bytes += taken;
    }
    return shard->slots > 0 || get_slot(batch, shard);
}

/* The lot is spent: the others are told, and a worker is woken when that makes a batch. */
static __attribute__((noinline)) void tell(struct otlp__batch *batch, struct otlp__shard *shard)
{
    long lot = (long)shard->slots_lot;
    shard->slots_lot = 0;
    long spent = atomic_fetch_add_explicit(&batch->budget.spent, lot, memory_order_relaxed) + lot;
    size_t wake_at = atomic_load_explicit(&batch->budget.wake_at, memory_order_relaxed);
    if (spent > 0 && (size_t)spent >= wake_at) {
        otlp__event_signal(&batch->work, 1);
    }
}

static __attribute__((noinline)) void drop_without_shard(struct otlp__batch *batch)
{
    otlp__batch_lock(batch);
    batch->unsharded++;
    batch->counts.dropped[OTLP_DROPPED_NO_MEMORY]++;
    otlp__batch_unlock(batch);
}

void otlp__batch_put(struct otlp_processor *processor, void *item, size_t bytes)
{
    struct otlp__batch *batch = (struct otlp__batch *)processor;
    struct otlp__shard *shard = otlp__shard_of_thread(batch);
    if (__builtin_expect(shard == NULL, 0)) {
        drop_without_shard(batch);
        otlp__item_release(processor->signal, item);
        return;
    }
    bool is_ready = shard->slots > 0 && shard->bytes >= bytes &&
                    shard->tail_index < OTLP__CHUNK_ITEMS &&
                    atomic_load_explicit(&batch->is_accepting, memory_order_relaxed);
    if (__builtin_expect(!is_ready, 0) && !admit(batch, shard, bytes)) {
        otlp__item_release(processor->signal, item);
        return;
    }
    otlp__shard_put(shard, item);
    shard->bytes -= bytes;
    shard->slots_lot++;
    if (__builtin_expect(--shard->slots == 0, 0)) {
        tell(batch, shard);
    }
}
