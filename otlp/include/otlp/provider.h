/*
 * Providers, tracers and loggers: what an instrumented program sees of the pipeline.
 *
 *   struct otlp_provider *provider;
 *   otlp_provider_new(NULL, &provider);
 *   struct otlp_processor *processor;
 *   otlp_batch_processor_new(OTLP_TRACES, exporter, NULL, &processor);
 *   otlp_provider_add_processor(provider, processor);
 *
 *   const struct otlp_scope scope = {.name = "orders"};
 *   struct otlp_tracer *tracer;
 *   otlp_provider_tracer(provider, &scope, &tracer);
 *
 *   struct otlp_span *span = otlp_tracer_start(tracer, "GET /orders", NULL);
 *   struct otlp_active active;
 *   otlp_attach(&active, span);
 *   ... spans that are started here are children, log records belong to the span ...
 *   otlp_detach(&active);
 *   otlp_span_end(span, 0);
 *
 *   otlp_provider_shutdown(provider, 5000000000);
 *   otlp_provider_free(provider);
 *
 * Tracers, loggers and the provider may be used by any number of threads at once. The current
 * context is each thread's own.
 */
#ifndef OTLP_PROVIDER_H
#define OTLP_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/ids.h>
#include <otlp/log.h>
#include <otlp/processor.h>
#include <otlp/propagate.h>
#include <otlp/resource.h>
#include <otlp/sampler.h>
#include <otlp/span.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Processors that a provider may have for each signal. */
#define OTLP_PROCESSORS_MAX 8

struct otlp_provider;
struct otlp_tracer;
struct otlp_logger;

struct otlp_provider_options {
    const struct otlp_resource *resource; /* copied, after otlp_resource_new(); NULL: only what that
                                             adds */
    const struct otlp_sampler *sampler;   /* outlives the provider; NULL: parent-based, always on */
    const struct otlp_limits *limits;     /* of spans, copied; NULL: the defaults */
    const struct otlp_limits *log_limits; /* of log records, copied; NULL: those of spans */
};

/* OTLP_EINVAL: an attribute of the resource has no key or is nested too deep. OTLP_ENOMEM. */
OTLP_API int otlp_provider_new(const struct otlp_provider_options *options,
                               struct otlp_provider **provider);

/* Hands a processor over to the provider: items of its signal go to it, and to those that were
 * added before. Before the first tracer or logger is made: OTLP_EINVAL otherwise. OTLP_ELIMIT: it
 * has OTLP_PROCESSORS_MAX already. On failure the processor stays the caller's. */
OTLP_API int otlp_provider_add_processor(struct otlp_provider *provider,
                                         struct otlp_processor *processor);

/*
 * The tracer or logger of an instrumentation scope (NULL: a scope without a name); everything is
 * copied. It lives as long as the provider, and every call makes one: ask once and keep it. Items
 * of a scope travel together when they come from one tracer. OTLP_EINVAL: an attribute without a
 * key. OTLP_ENOMEM.
 */
OTLP_API int otlp_provider_tracer(struct otlp_provider *provider, const struct otlp_scope *scope,
                                  struct otlp_tracer **tracer);
OTLP_API int otlp_provider_logger(struct otlp_provider *provider, const struct otlp_scope *scope,
                                  struct otlp_logger **logger);

/* otlp_processor_force_flush() and _shutdown() of all processors, within the time-out together. The
 * first error that one of them gives; the others are still called. */
OTLP_API int otlp_provider_force_flush(struct otlp_provider *provider, uint64_t timeout_ns);
OTLP_API int otlp_provider_shutdown(struct otlp_provider *provider, uint64_t timeout_ns);

/* The provider's resource; lives as long as the provider. */
OTLP_API const struct otlp_resource *otlp_provider_resource(const struct otlp_provider *provider);

/* Frees the processors (see otlp_processor_free()), tracers and loggers. No span of its tracers may
 * be in use. NULL is allowed. */
OTLP_API void otlp_provider_free(struct otlp_provider *provider);

/*
 * Starts a span. As otlp_span_start(), but: options->parent NULL is the thread's current context,
 * and a parent that is not valid gives a root span; sampler and limits NULL are the provider's.
 * NULL when memory runs out.
 *
 * otlp_span_end() hands the span over to the processors and gives up the caller's reference: the
 * pointer must not be used any more, otlp_span_free() included. A span that was turned down by the
 * sampler is to be ended like any other. otlp_span_free() instead of the end throws the span away,
 * uncounted.
 */
OTLP_API struct otlp_span *otlp_tracer_start_n(struct otlp_tracer *tracer, const char *name,
                                               size_t name_len,
                                               const struct otlp_span_options *options);

static inline struct otlp_span *otlp_tracer_start(struct otlp_tracer *tracer, const char *name,
                                                  const struct otlp_span_options *options)
{
    return otlp_tracer_start_n(tracer, name, strlen(name), options);
}

/*
 * Hands a copy of a log record over to the processors. A record without a trace id gets the ids and
 * flags of the thread's current context. Codes as for otlp_log_emit(); a record that the processors
 * drop is counted by them, and 0.
 */
OTLP_API int otlp_logger_emit(struct otlp_logger *logger, const struct otlp_log_record *record);

/* ---- the current context ---- */

/*
 * One entry of a thread's stack of contexts: memory of the caller (usually on its stack), from
 * attach to detach, on one thread. Members are private.
 */
struct otlp_active {
    struct otlp_active *outer;
    struct otlp_span *span;
    struct otlp_span_context context;
    const struct otlp_baggage *baggage;
};

/* Makes a span the current one of this thread. When the span ends on this thread while it is
 * attached, its context stays current until it is detached. A span that is attached on other
 * threads must be detached there before it ends. */
OTLP_API void otlp_attach(struct otlp_active *active, struct otlp_span *span);

/* Makes a context current without a span, such as one that came with a request. The tracestate must
 * live until the detach. */
OTLP_API void otlp_attach_context(struct otlp_active *active,
                                  const struct otlp_span_context *context);

/* Keeps the current span and makes a baggage current, which must live until the detach and not
 * change meanwhile. Spans that are attached inside keep it. */
OTLP_API void otlp_attach_baggage(struct otlp_active *active, const struct otlp_baggage *baggage);

/* Back to what was current before. Entries that were attached inside and not detached go, too.
 * OTLP_ENOTFOUND: this thread has no such entry; nothing changes. */
OTLP_API int otlp_detach(struct otlp_active *active);

/* The thread's current span; NULL when there is none, or when it has ended. */
OTLP_API struct otlp_span *otlp_current_span(void);

/* The thread's current span context; an invalid one when there is none. Valid until the next attach
 * or detach. */
OTLP_API const struct otlp_span_context *otlp_current_context(void);

/* The thread's current baggage; NULL when there is none. */
OTLP_API const struct otlp_baggage *otlp_current_baggage(void);

#ifdef __cplusplus
}
#endif

#endif
