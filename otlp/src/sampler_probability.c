#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <otlp/propagate.h>

#include "sampler_internal.h"

#define RANDOM_BITS   56u
#define RANDOM_DIGITS 14u
#define NEVER         (1ull << RANDOM_BITS)
/* Digits of a threshold behind its leading f digits. */
#define PRECISION_DIGITS 5u
#define OT_VALUE_MAX     256u
#define CACHED_MAX       16u

/* Rounded where that leaves something to be sampled. */
static uint64_t threshold_of(double ratio)
{
    uint64_t threshold = NEVER - (uint64_t)llround(ldexp(ratio, (int)RANDOM_BITS));
    unsigned leading = 0;
    while (leading < RANDOM_DIGITS &&
           (threshold >> 4 * (RANDOM_DIGITS - 1 - leading) & 0xf) == 0xf) {
        leading++;
    }
    if (threshold >= NEVER || leading + PRECISION_DIGITS >= RANDOM_DIGITS) {
        return threshold;
    }
    uint64_t unit = 1ull << 4 * (RANDOM_DIGITS - leading - PRECISION_DIGITS);
    uint64_t rounded = (threshold + unit / 2) / unit * unit;
    return rounded < NEVER ? rounded : threshold;
}

struct otlp_sampler otlp_sampler_probability(double ratio)
{
    double smallest = ldexp(1.0, -(int)RANDOM_BITS);
    double clamped = ratio >= 1 ? 1 : ratio >= smallest ? ratio : 0;
    struct otlp_sampler sampler = {
        .kind = OTLP_SAMPLER_PROBABILITY,
        .ratio = clamped,
        .threshold = threshold_of(clamped),
    };
    return sampler;
}

/* ---- the member ot: key:value;key:value ---- */

struct entry {
    const char *text; /* key:value */
    size_t len;
};

/* The next entry from *at on; false at the end. */
static bool next_entry(const struct otlp_header_value *ot, size_t *at, struct entry *entry)
{
    if (*at >= ot->len) {
        return false;
    }
    entry->text = ot->text + *at;
    const char *end = memchr(entry->text, ';', ot->len - *at);
    entry->len = end != NULL ? (size_t)(end - entry->text) : ot->len - *at;
    *at += entry->len + 1;
    return true;
}

static bool has_key(const struct entry *entry, const char *key)
{
    return entry->len >= 3 && memcmp(entry->text, key, 3) == 0;
}

/* Exactly 14 lower-case hexadecimal digits. */
static bool read_digits(const char *digits, uint64_t *number)
{
    uint64_t value = 0;
    for (size_t i = 0; i < RANDOM_DIGITS; i++) {
        char c = digits[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
            return false;
        }
        value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *number = value;
    return true;
}

static const struct otlp_tracestate *state_above(const struct otlp_span_context *parent)
{
    return parent != NULL && otlp_span_context_is_valid(parent) ? parent->tracestate : NULL;
}

static bool get_ot(const struct otlp_span_context *parent, struct otlp_header_value *ot)
{
    const struct otlp_tracestate *above = state_above(parent);
    return above != NULL && otlp_tracestate_get(above, "ot", 2, ot) == 0;
}

uint64_t otlp__randomness(const struct otlp_span_context *parent, struct otlp_trace_id trace_id)
{
    struct otlp_header_value ot;
    struct entry entry;
    uint64_t randomness = 0;
    for (size_t at = 0; get_ot(parent, &ot) && next_entry(&ot, &at, &entry);) {
        if (has_key(&entry, "rv:") && entry.len == 3 + RANDOM_DIGITS &&
            read_digits(entry.text + 3, &randomness)) {
            return randomness;
        }
    }
    for (size_t i = OTLP_TRACE_ID_BYTES - RANDOM_BITS / 8; i < OTLP_TRACE_ID_BYTES; i++) {
        randomness = randomness << 8 | trace_id.bytes[i];
    }
    return randomness;
}

/* "th:" and the digits, without trailing zeros but at least one. */
static size_t write_threshold(uint64_t threshold, char *text)
{
    char digits[RANDOM_DIGITS + 3];
    (void)snprintf(digits, sizeof digits, "%014llx", (unsigned long long)threshold);
    size_t count = RANDOM_DIGITS;
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    memcpy(text, "th:", 3);
    memcpy(text + 3, digits, count);
    return 3 + count;
}

/* The threshold, then what else the parent says, as far as it fits in. */
static int make_state(uint64_t threshold, const struct otlp_span_context *parent,
                      const struct otlp_tracestate **state)
{
    char value[OT_VALUE_MAX];
    size_t len = write_threshold(threshold, value);
    struct otlp_header_value ot;
    struct entry entry;
    for (size_t at = 0; get_ot(parent, &ot) && next_entry(&ot, &at, &entry);) {
        if (!has_key(&entry, "th:") && entry.len > 0 && len + 1 + entry.len <= sizeof value) {
            value[len++] = ';';
            memcpy(value + len, entry.text, entry.len);
            len += entry.len;
        }
    }
    return otlp_tracestate_set(state_above(parent), "ot", 2, value, len, state);
}

/* What spans without a tracestate above them get, made once for each threshold and kept. */
struct cached {
    uint64_t threshold;
    const struct otlp_tracestate *state;
};

static _Atomic(struct cached *) cache[CACHED_MAX];

static int root_state(uint64_t threshold, const struct otlp_tracestate **state)
{
    _Atomic(struct cached *) *slot = &cache[(threshold * 0x9e3779b97f4a7c15u >> 32) % CACHED_MAX];
    struct cached *found = atomic_load_explicit(slot, memory_order_acquire);
    if (found != NULL && found->threshold == threshold) {
        *state = otlp_tracestate_ref(found->state);
        return 0;
    }
    int rc = make_state(threshold, NULL, state);
    struct cached *made = rc == 0 && found == NULL ? malloc(sizeof *made) : NULL;
    if (made != NULL) {
        *made = (struct cached){threshold, otlp_tracestate_ref(*state)};
        if (!atomic_compare_exchange_strong(slot, &found, made)) {
            otlp_tracestate_unref(made->state);
            free(made);
        }
    }
    return rc;
}

int otlp_sampler_tracestate(const struct otlp_sampler *sampler,
                            const struct otlp_span_context *parent,
                            const struct otlp_tracestate **state)
{
    const struct otlp_sampler *leaf = otlp__sampler_leaf(sampler, parent);
    const struct otlp_tracestate *before = state_above(parent);
    if (leaf->kind != OTLP_SAMPLER_PROBABILITY) {
        *state = otlp_tracestate_ref(before);
        return 0;
    }
    return before == NULL ? root_state(leaf->threshold, state)
                          : make_state(leaf->threshold, parent, state);
}
