#include <otlp/sampler.h>

#include <stdarg.h>
#include <stdio.h>

#include "sampler_internal.h"

/* Delegates may be parent-based themselves; a chain longer than this is decided as always off. */
#define DELEGATION_MAX 8
#define TWO_TO_63      9223372036854775808.0

static const struct otlp_sampler always_on = {.kind = OTLP_SAMPLER_ALWAYS_ON};
static const struct otlp_sampler always_off = {.kind = OTLP_SAMPLER_ALWAYS_OFF};
static const struct otlp_sampler parent_based = {.kind = OTLP_SAMPLER_PARENT_BASED};

struct otlp_sampler otlp_sampler_always_on(void)
{
    return always_on;
}

struct otlp_sampler otlp_sampler_always_off(void)
{
    return always_off;
}

struct otlp_sampler otlp_sampler_ratio(double ratio)
{
    double clamped = ratio >= 1 ? 1 : ratio > 0 ? ratio : 0;
    struct otlp_sampler sampler = {
        .kind = OTLP_SAMPLER_RATIO,
        .ratio = clamped,
        .threshold = (uint64_t)(clamped * TWO_TO_63),
    };
    return sampler;
}

struct otlp_sampler otlp_sampler_parent_based(const struct otlp_sampler *root)
{
    struct otlp_sampler sampler = {.kind = OTLP_SAMPLER_PARENT_BASED, .root = root};
    return sampler;
}

static const struct otlp_sampler *or_default(const struct otlp_sampler *delegate,
                                             const struct otlp_sampler *fallback)
{
    return delegate != NULL ? delegate : fallback;
}

static const struct otlp_sampler *delegate_of(const struct otlp_sampler *sampler,
                                              const struct otlp_span_context *parent)
{
    if (!otlp_span_context_is_valid(parent)) {
        return or_default(sampler->root, &always_on);
    }
    if (otlp_span_context_is_sampled(parent)) {
        return or_default(parent->is_remote ? sampler->remote_sampled : sampler->local_sampled,
                          &always_on);
    }
    return or_default(parent->is_remote ? sampler->remote_not_sampled : sampler->local_not_sampled,
                      &always_off);
}

static bool is_below(struct otlp_trace_id trace_id, uint64_t threshold)
{
    uint64_t low = 0;
    for (size_t i = 8; i < OTLP_TRACE_ID_BYTES; i++) {
        low = low << 8 | trace_id.bytes[i];
    }
    return low >> 1 < threshold;
}

const struct otlp_sampler *otlp__sampler_leaf(const struct otlp_sampler *sampler,
                                              const struct otlp_span_context *parent)
{
    const struct otlp_sampler *current = or_default(sampler, &parent_based);
    for (int i = 0; i < DELEGATION_MAX; i++) {
        if (current->kind != OTLP_SAMPLER_PARENT_BASED) {
            return current;
        }
        current = delegate_of(current, parent);
    }
    return &always_off;
}

bool otlp_sampler_decide(const struct otlp_sampler *sampler, const struct otlp_span_context *parent,
                         struct otlp_trace_id trace_id)
{
    const struct otlp_sampler *leaf = otlp__sampler_leaf(sampler, parent);
    switch (leaf->kind) {
    case OTLP_SAMPLER_ALWAYS_ON:
        return true;
    case OTLP_SAMPLER_RATIO:
        return is_below(trace_id, leaf->threshold);
    case OTLP_SAMPLER_PROBABILITY:
        return otlp__randomness(parent, trace_id) >= leaf->threshold;
    case OTLP_SAMPLER_ALWAYS_OFF:
    case OTLP_SAMPLER_PARENT_BASED:
        break;
    }
    return false;
}

/* Text into a buffer of any size, with the length it would need. */
struct writer {
    char *text;
    size_t capacity;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *writer, const char *format,
                                                      ...)
{
    size_t free_bytes = writer->capacity > writer->len ? writer->capacity - writer->len : 0;
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(free_bytes > 0 ? writer->text + writer->len : NULL, free_bytes, format,
                        arguments);
    va_end(arguments);
    writer->len += len > 0 ? (size_t)len : 0;
}

static void describe(struct writer *writer, const struct otlp_sampler *sampler, int depth)
{
    switch (sampler->kind) {
    case OTLP_SAMPLER_ALWAYS_ON:
        put(writer, "AlwaysOnSampler");
        return;
    case OTLP_SAMPLER_ALWAYS_OFF:
        put(writer, "AlwaysOffSampler");
        return;
    case OTLP_SAMPLER_RATIO:
        put(writer, "TraceIdRatioBased{%.6f}", sampler->ratio);
        return;
    case OTLP_SAMPLER_PROBABILITY:
        put(writer, "ProbabilitySampler{%.6f}", sampler->ratio);
        return;
    case OTLP_SAMPLER_PARENT_BASED:
        break;
    }
    if (depth == DELEGATION_MAX) {
        put(writer, "...");
        return;
    }
    put(writer, "ParentBased{root:");
    describe(writer, or_default(sampler->root, &always_on), depth + 1);
    put(writer, ",remoteParentSampled:");
    describe(writer, or_default(sampler->remote_sampled, &always_on), depth + 1);
    put(writer, ",remoteParentNotSampled:");
    describe(writer, or_default(sampler->remote_not_sampled, &always_off), depth + 1);
    put(writer, ",localParentSampled:");
    describe(writer, or_default(sampler->local_sampled, &always_on), depth + 1);
    put(writer, ",localParentNotSampled:");
    describe(writer, or_default(sampler->local_not_sampled, &always_off), depth + 1);
    put(writer, "}");
}

size_t otlp_sampler_describe(const struct otlp_sampler *sampler, char *text, size_t capacity)
{
    struct writer writer = {text, capacity, 0};
    describe(&writer, or_default(sampler, &parent_based), 0);
    return writer.len;
}
