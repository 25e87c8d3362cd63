#ifndef OTLP_SPAN_INTERNAL_H
#define OTLP_SPAN_INTERNAL_H

#include <stdatomic.h>

#include <otlp/span.h>

#include "arena.h"
#include "attributes.h"

/* Lies at the start of its own first block. */
struct otlp_span {
    struct otlp_span_data data;
    struct otlp__key_index index;
    struct otlp__arena arena;
    const struct otlp_limits *limits;
    const struct otlp_tracer *tracer; /* NULL: a span on its own */
    atomic_uint references;
    uint16_t attached; /* entries of a thread's stack of contexts that have it */
    uint16_t event_capacity;
    uint16_t link_capacity;
    bool is_sampled;
    bool is_ended;
};

_Static_assert(sizeof(struct otlp__block) + sizeof(struct otlp_span) + 24 <= OTLP__BLOCK_SMALLEST,
               "the first block holds a span and a short name");

/* When a probability sampler has accepted the span: its tracestate says so. OTLP_ENOMEM. */
int otlp__span_set_threshold(struct otlp_span *span, const struct otlp_sampler *sampler,
                             const struct otlp_span_context *parent);

/* Makes a span that has its context a recording one: name, kind, limits, start. OTLP_ENOMEM. */
int otlp__span_record(struct otlp_span *span, const char *name, size_t name_len,
                      const struct otlp_span_options *options, const struct otlp_limits *limits);

/* The end of a tracer's span, which is given away. */
int otlp__tracer_span_end(struct otlp_span *span, uint64_t end_unix_ns);

/* Takes the span out of this thread's stack of contexts. */
void otlp__active_forget(const struct otlp_span *span);

/* A span without content in a fresh block of at least that size (and OTLP__BLOCK_SMALLEST); NULL
 * when memory runs out. */
struct otlp_span *otlp__span_allocate(size_t block_bytes);

/* 0 when the span may be changed, OTLP_EENDED when it has ended, 1 when it records nothing. */
static inline int otlp__span_may_change(const struct otlp_span *span)
{
    if (__builtin_expect(span->is_ended, 0)) {
        return OTLP_EENDED;
    }
    return span->is_sampled ? 0 : 1;
}

#endif
