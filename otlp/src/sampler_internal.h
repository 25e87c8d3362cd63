#ifndef OTLP_SAMPLER_INTERNAL_H
#define OTLP_SAMPLER_INTERNAL_H

#include <otlp/sampler.h>

/* The sampler that decides, parent-based ones followed to their delegates. NULL is the default. */
const struct otlp_sampler *otlp__sampler_leaf(const struct otlp_sampler *sampler,
                                              const struct otlp_span_context *parent);

/* The 56 bits that a probability sampler looks at. */
uint64_t otlp__randomness(const struct otlp_span_context *parent, struct otlp_trace_id trace_id);

#endif
