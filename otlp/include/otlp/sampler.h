/*
 * Samplers: which spans are recorded (specification, trace SDK "Built-in samplers").
 *
 * A sampler is a small immutable structure without memory of its own. It may be shared by any
 * number of threads and must outlive its use; parent-based ones refer to their delegates.
 */
#ifndef OTLP_SAMPLER_H
#define OTLP_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>

#include <otlp/api.h>
#include <otlp/ids.h>

#ifdef __cplusplus
extern "C" {
#endif

enum otlp_sampler_kind {
    OTLP_SAMPLER_ALWAYS_ON,
    OTLP_SAMPLER_ALWAYS_OFF,
    OTLP_SAMPLER_RATIO,
    OTLP_SAMPLER_PARENT_BASED,
    OTLP_SAMPLER_PROBABILITY,
};

struct otlp_sampler {
    enum otlp_sampler_kind kind;
    double ratio;       /* ratio and probability sampler */
    uint64_t threshold; /* ratio: sampled when the low 63 bits are below it; probability: sampled
                           when the 56 bits of randomness are not below it */
    /* Parent-based sampler. NULL delegates: root always on; sampled parents on, others off. */
    const struct otlp_sampler *root;
    const struct otlp_sampler *remote_sampled;
    const struct otlp_sampler *remote_not_sampled;
    const struct otlp_sampler *local_sampled;
    const struct otlp_sampler *local_not_sampled;
};

OTLP_API struct otlp_sampler otlp_sampler_always_on(void);
OTLP_API struct otlp_sampler otlp_sampler_always_off(void);

/*
 * Samples the given share of the traces by their trace id alone: bytes 8 to 15, big-endian, shifted
 * right by one, are compared with ratio * 2^63. This is the rule of the Go and Rust SDKs, and
 * Java's but for the last unit. The decision is the same in every process, and a higher ratio
 * samples a superset. A ratio below 0 or NaN counts as 0, above 1 as 1.
 */
OTLP_API struct otlp_sampler otlp_sampler_ratio(double ratio);

/*
 * Samples the given share of the traces by the rule of W3C Trace Context level 2 and the
 * specification's "TraceState: Probability Sampling": the randomness R, which is the last 7 bytes
 * of the trace id, or `rv` in the member `ot` of the parent's tracestate, is compared with a
 * threshold T = 2^56 * (1 - ratio), and the span is sampled when R >= T. T is rounded to five
 * hexadecimal digits behind its leading f digits. Like the ratio sampler it takes no notice of the
 * parent's sampled flag. A ratio below 2^-56 or NaN counts as 0, above 1 as 1.
 */
OTLP_API struct otlp_sampler otlp_sampler_probability(double ratio);

/*
 * The tracestate of a span that the sampler has accepted: the parent's, in which, when a
 * probability sampler decided, the member `ot` says by which threshold (`th:`, without trailing
 * zeros; other entries of `ot` stay). Spans get it when they start. *state is a reference of the
 * caller's, or NULL. OTLP_ENOMEM.
 */
struct otlp_tracestate;
OTLP_API int otlp_sampler_tracestate(const struct otlp_sampler *sampler,
                                     const struct otlp_span_context *parent,
                                     const struct otlp_tracestate **state);

/* Follows the parent's sampled flag and asks `root` (NULL: always on) when there is no valid
 * parent. The other delegates may be assigned afterwards. */
OTLP_API struct otlp_sampler otlp_sampler_parent_based(const struct otlp_sampler *root);

/* The decision for a span of this trace under this parent (NULL or invalid: a root span). A NULL
 * sampler is the default of the specification: parent-based with always on at the root. */
OTLP_API bool otlp_sampler_decide(const struct otlp_sampler *sampler,
                                  const struct otlp_span_context *parent,
                                  struct otlp_trace_id trace_id);

/*
 * The description that the specification demands, such as "TraceIdRatioBased{0.000100}". Writes at
 * most `capacity` bytes with the terminating NUL and returns the whole length without it, as
 * snprintf() does.
 */
OTLP_API size_t otlp_sampler_describe(const struct otlp_sampler *sampler, char *text,
                                      size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
