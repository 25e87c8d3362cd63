#include "pipeline/budget.h"

#define SLOTS_LOT_MAX 32u
#define BYTES_LOT_MAX (16u * 1024u)
/* Lots of a thread in its share of the whole. */
#define LOTS_IN_SHARE    16u
#define BYTES_LOTS_LEAST 256u

static enum otlp_memory_level level_of(const struct otlp__budget *budget, size_t bytes,
                                       bool is_refused)
{
    if (is_refused || bytes >= budget->bytes_max) {
        return OTLP_MEMORY_CRITICAL;
    }
    return bytes > budget->bytes_warning ? OTLP_MEMORY_WARNING : OTLP_MEMORY_NORMAL;
}

/* Down only when an eighth of the ceiling is free again, so that a queue at the edge does not tell
 * its level with every item. */
static void report(struct otlp__budget *budget, size_t bytes, bool is_refused)
{
    int now = (int)level_of(budget, bytes, is_refused);
    int before = atomic_load_explicit(&budget->level, memory_order_relaxed);
    if (now < before) {
        now = (int)level_of(budget, bytes + budget->bytes_max / 8, false);
    }
    bool is_news = (now > before || (now < before && !is_refused)) &&
                   atomic_compare_exchange_strong(&budget->level, &before, now);
    if (is_news && budget->on_memory != NULL) {
        budget->on_memory(budget->user, (enum otlp_memory_level)now, bytes);
    }
}

size_t otlp__budget_take_slots(struct otlp__budget *budget, size_t wanted)
{
    size_t taken = atomic_load_explicit(&budget->slots, memory_order_relaxed);
    size_t got;
    do {
        if (taken >= budget->slots_max) {
            return 0;
        }
        got = wanted < budget->slots_max - taken ? wanted : budget->slots_max - taken;
    } while (!atomic_compare_exchange_weak_explicit(&budget->slots, &taken, taken + got,
                                                    memory_order_relaxed, memory_order_relaxed));
    return got;
}

size_t otlp__budget_take_bytes(struct otlp__budget *budget, size_t needed)
{
    size_t lot = atomic_load_explicit(&budget->bytes_lot, memory_order_relaxed);
    size_t wanted = needed > lot ? needed : lot;
    size_t taken = atomic_load_explicit(&budget->bytes, memory_order_relaxed);
    size_t got;
    do {
        size_t left = taken < budget->bytes_max ? budget->bytes_max - taken : 0;
        if (left < needed) {
            report(budget, taken, true);
            return 0;
        }
        got = wanted <= left ? wanted : needed;
    } while (!atomic_compare_exchange_weak_explicit(&budget->bytes, &taken, taken + got,
                                                    memory_order_relaxed, memory_order_relaxed));
    if (taken + got > budget->bytes_warning) {
        report(budget, taken + got, false);
    }
    return got;
}

size_t otlp__budget_lot(const struct otlp__budget *budget)
{
    size_t lot = atomic_load_explicit(&budget->lot, memory_order_relaxed);
    long spent = atomic_load_explicit(&budget->spent, memory_order_relaxed);
    size_t wake_at = atomic_load_explicit(&budget->wake_at, memory_order_relaxed);
    size_t queued = spent > 0 ? (size_t)spent : 0;
    return queued < wake_at && wake_at - queued < lot ? wake_at - queued : lot;
}

static size_t clamp(size_t value, size_t max)
{
    value = value < max ? value : max;
    return value > 0 ? value : 1;
}

void otlp__budget_set_threads(struct otlp__budget *budget, size_t threads)
{
    size_t bytes_lots = LOTS_IN_SHARE * threads;
    bytes_lots = bytes_lots > BYTES_LOTS_LEAST ? bytes_lots : BYTES_LOTS_LEAST;
    atomic_store(&budget->lot, clamp(budget->slots_max / (LOTS_IN_SHARE * threads), SLOTS_LOT_MAX));
    atomic_store(&budget->bytes_lot, clamp(budget->bytes_max / bytes_lots, BYTES_LOT_MAX));
}

void otlp__budget_give(struct otlp__budget *budget, size_t slots, ptrdiff_t bytes)
{
    if (slots > 0) {
        atomic_fetch_sub_explicit(&budget->slots, slots, memory_order_relaxed);
    }
    size_t before = atomic_fetch_sub_explicit(&budget->bytes, (size_t)bytes, memory_order_relaxed);
    if (atomic_load_explicit(&budget->level, memory_order_relaxed) != OTLP_MEMORY_NORMAL ||
        bytes < 0) {
        report(budget, before - (size_t)bytes, false);
    }
}
