/*
 * What the OTEL_* variables say about resource, sampler and limits (specification, "Environment
 * Variable Specification"). Those of processors and readers are read by processor.h and reader.h.
 *
 *   struct otlp_environment environment;
 *   otlp_environment_read(&environment);
 *   struct otlp_provider_options options = otlp_environment_options(&environment);
 *   otlp_provider_new(&options, &provider);
 *   ... the environment outlives the provider, because of the sampler ...
 *   otlp_environment_release(&environment);
 *
 * A variable that is empty is as if unset. What cannot be understood is ignored and counted. Names
 * of samplers and "true" may be in any case.
 */
#ifndef OTLP_SDK_ENVIRONMENT_H
#define OTLP_SDK_ENVIRONMENT_H

#include <stdbool.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Filled in by otlp_environment_read(); not to be copied, as samplers refer to each other. */
struct otlp_environment {
    bool is_disabled; /* OTEL_SDK_DISABLED=true: the program should not export */
    struct otlp_resource
        *resource;               /* OTEL_RESOURCE_ATTRIBUTES, and OTEL_SERVICE_NAME, which wins */
    struct otlp_sampler sampler; /* OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG */
    struct otlp_sampler root;    /* what a parent-based one asks without a parent */
    struct otlp_limits limits;   /* OTEL_ATTRIBUTE_..., OTEL_SPAN_..., OTEL_EVENT_..., OTEL_LINK_...
                                  */
    struct otlp_limits log_limits; /* OTEL_ATTRIBUTE_..., OTEL_LOGRECORD_... */
    int ignored;                   /* variables with values that were not understood */
};

/*
 * Reads them. The resource also has what otlp_resource_new() adds; of OTEL_RESOURCE_ATTRIBUTES,
 * which is written like a W3C baggage (at most 64 members and 8192 bytes), all or nothing counts.
 * Samplers: always_on, always_off, traceidratio, parentbased_always_on (the default),
 * parentbased_always_off, parentbased_traceidratio; the argument is a number from 0 to 1 (default
 * 1). OTLP_ENOMEM; nothing is to be released then.
 */
OTLP_API int otlp_environment_read(struct otlp_environment *environment);

/* Options that refer to the environment. */
OTLP_API struct otlp_provider_options
otlp_environment_options(const struct otlp_environment *environment);

/* Frees the resource. NULL is allowed. */
OTLP_API void otlp_environment_release(struct otlp_environment *environment);

#ifdef __cplusplus
}
#endif

#endif
