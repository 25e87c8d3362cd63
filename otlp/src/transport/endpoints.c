#include "transport/endpoints.h"

static bool is_tried(uint32_t tried, size_t index)
{
    return (tried >> index & 1) != 0;
}

/* Each in its turn, beginning with rotation->next. */
static size_t pick_in_turn(const struct otlp__rotation *rotation, size_t count, uint32_t usable)
{
    size_t index = rotation->next;
    do {
        index = index < count ? index : 0;
    } while (!is_tried(usable, index++));
    return index - 1;
}

/* Smooth weighted rotation: each earns its weight, the richest is chosen and pays for all. */
static size_t pick_by_weight(struct otlp__endpoint_state *endpoints, size_t count, uint32_t usable)
{
    size_t best = SIZE_MAX;
    int64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_tried(usable, i)) {
            continue;
        }
        endpoints[i].credit += endpoints[i].weight;
        total += endpoints[i].weight;
        if (best == SIZE_MAX || endpoints[i].credit > endpoints[best].credit) {
            best = i;
        }
    }
    endpoints[best].credit -= total;
    return best;
}

static size_t pick_least(const struct otlp__endpoint_state *endpoints, size_t count,
                         const struct otlp__rotation *rotation, uint32_t usable)
{
    size_t best = SIZE_MAX;
    for (size_t k = 0; k < count; k++) {
        size_t i = (rotation->next + k) % count; /* equal ones take turns */
        if (!is_tried(usable, i)) {
            continue;
        }
        if (best == SIZE_MAX || (uint64_t)endpoints[i].in_flight * endpoints[best].weight <
                                    (uint64_t)endpoints[best].in_flight * endpoints[i].weight) {
            best = i;
        }
    }
    return best;
}

enum otlp__pick otlp__endpoints_pick(struct otlp__endpoint_state *endpoints, size_t count,
                                     struct otlp__rotation *rotation, uint32_t tried,
                                     uint64_t now_ns, size_t *index, uint64_t *until_ns)
{
    uint32_t usable = 0; /* may be asked now */
    uint32_t closed = 0; /* may be asked, when there is room */
    *until_ns = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct otlp__endpoint_state *endpoint = &endpoints[i];
        if (!otlp__breaker_allows(&endpoint->breaker, now_ns)) {
            /* A half-open one tells within the time of an attempt: look again soon. */
            uint64_t until = endpoint->breaker.state == OTLP_BREAKER_OPEN
                                 ? endpoint->breaker.until_ns
                                 : now_ns + 10000000u;
            *until_ns = until < *until_ns ? until : *until_ns;
            continue;
        }
        closed |= (uint32_t)1 << i;
        if (endpoint->in_flight < rotation->in_flight_max) {
            usable |= (uint32_t)1 << i;
        }
    }
    if ((closed & ~tried) != 0 && (usable & ~tried) == 0) {
        return OTLP__PICK_BUSY;
    }
    usable = (usable & ~tried) != 0 ? usable & ~tried : usable;
    if (usable == 0) {
        return closed != 0 ? OTLP__PICK_BUSY : OTLP__PICK_OPEN;
    }
    switch (rotation->balance) {
    case OTLP_BALANCE_WEIGHTED:
        *index = pick_by_weight(endpoints, count, usable);
        break;
    case OTLP_BALANCE_LEAST_IN_FLIGHT:
        *index = pick_least(endpoints, count, rotation, usable);
        break;
    case OTLP_BALANCE_ROUND_ROBIN:
        *index = pick_in_turn(rotation, count, usable);
        break;
    }
    rotation->next = *index + 1;
    return OTLP__PICKED;
}

bool otlp__endpoints_have_other(const struct otlp__endpoint_state *endpoints, size_t count,
                                uint32_t tried, uint64_t now_ns)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_tried(tried, i) && otlp__breaker_allows(&endpoints[i].breaker, now_ns)) {
            return true;
        }
    }
    return false;
}
