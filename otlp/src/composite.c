#include "propagation.h"

#include "ascii.h"

#include <string.h>

static const struct otlp_propagator *const known[] = {
    &otlp_propagator_tracecontext,
    &otlp_propagator_baggage,
    &otlp_propagator_b3,
    &otlp_propagator_b3multi,
};

#define KNOWN_COUNT (sizeof known / sizeof known[0])

_Static_assert(KNOWN_COUNT <= OTLP_COMPOSITE_MAX, "every known propagator fits in a composite");

struct otlp_composite otlp_composite_default(void)
{
    return (struct otlp_composite){
        .items = {&otlp_propagator_tracecontext, &otlp_propagator_baggage},
        .count = 2,
    };
}

static const struct otlp_propagator *find_known(const char *name, size_t name_len)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        if (otlp__equal_fold(name, name_len, known[i]->name, strlen(known[i]->name))) {
            return known[i];
        }
    }
    return NULL;
}

static void add_once(struct otlp_composite *composite, const struct otlp_propagator *propagator)
{
    for (size_t i = 0; i < composite->count; i++) {
        if (composite->items[i] == propagator) {
            return;
        }
    }
    composite->items[composite->count++] = propagator;
}

struct otlp_composite otlp_composite_from_names(const char *names, size_t names_len,
                                                size_t *unknown)
{
    struct otlp_composite composite = {.count = 0};
    bool is_none = false;
    size_t words = 0;
    size_t unknown_words = 0;
    for (size_t at = 0; at < names_len;) {
        const char *comma = memchr(names + at, ',', names_len - at);
        const char *word = names + at;
        size_t word_len = comma != NULL ? (size_t)(comma - word) : names_len - at;
        at += word_len + 1;
        otlp__trim(&word, &word_len);
        if (word_len == 0) {
            continue;
        }
        words++;
        const struct otlp_propagator *propagator = find_known(word, word_len);
        if (propagator != NULL) {
            add_once(&composite, propagator);
        } else if (otlp__equal_fold(word, word_len, OTLP__TEXT("none"))) {
            is_none = true;
        } else {
            unknown_words++;
        }
    }
    if (unknown != NULL) {
        *unknown = unknown_words;
    }
    if (is_none) {
        composite.count = 0;
    }
    return words == 0 ? otlp_composite_default() : composite;
}

int otlp_composite_inject(const struct otlp_composite *composite,
                          const struct otlp_propagation *context,
                          const struct otlp_carrier *carrier)
{
    for (size_t i = 0; i < composite->count; i++) {
        int rc = composite->items[i]->inject(context, carrier);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

int otlp_composite_extract(const struct otlp_composite *composite, struct otlp_propagation *context,
                           const struct otlp_carrier *carrier)
{
    int first_error = OTLP_ENOTFOUND;
    bool took_any = false;
    bool no_memory = false;
    for (size_t i = 0; i < composite->count; i++) {
        int rc = composite->items[i]->extract(context, carrier);
        took_any |= rc == 0;
        no_memory |= rc == OTLP_ENOMEM;
        if (rc != 0 && first_error == OTLP_ENOTFOUND) {
            first_error = rc;
        }
    }
    if (no_memory) {
        return OTLP_ENOMEM;
    }
    return took_any ? 0 : first_error;
}
