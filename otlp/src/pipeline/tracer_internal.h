#ifndef OTLP_PIPELINE_TRACER_INTERNAL_H
#define OTLP_PIPELINE_TRACER_INTERNAL_H

#include <otlp/provider.h>

#include "arena.h"
#include "pipeline/origin.h"
#include "pipeline/processor_internal.h"

/* The processors of one signal. */
struct otlp__sinks {
    struct otlp_processor *items[OTLP_PROCESSORS_MAX];
    size_t count;
};

struct otlp_tracer {
    struct otlp__origin origin;
    struct otlp__sinks sinks;
    const struct otlp_sampler *sampler;
    const struct otlp_limits *limits;
};

struct otlp_logger {
    struct otlp__origin origin;
    struct otlp__sinks sinks;
    const struct otlp_limits *limits;
};

/* The top of the thread's stack of contexts; NULL: empty. */
extern _Thread_local struct otlp_active *otlp__active_top
    __attribute__((tls_model("initial-exec")));

#endif
