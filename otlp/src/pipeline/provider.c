#include "pipeline/tracer_internal.h"

#include <pthread.h>
#include <stdlib.h>

#include "attributes.h"
#include "pipeline/batch_internal.h"

/* A tracer or a logger, with its memory: it lies at the start of its own arena. */
struct made {
    struct otlp__arena arena;
    struct made *next;
    union {
        struct otlp_tracer tracer;
        struct otlp_logger logger;
    } as;
};

struct otlp_provider {
    struct otlp_resource *resource;
    const struct otlp_sampler *sampler;
    struct otlp_limits limits;
    struct otlp_limits log_limits;
    struct otlp__sinks spans;
    struct otlp__sinks logs;
    pthread_mutex_t lock; /* guards the processors and what was made */
    struct made *made;
    struct otlp__forked forked;
};

/* In a child after fork(), whoever held the lock may be missing. */
static void renew_lock(struct otlp__forked *forked)
{
    struct otlp_provider *provider =
        (struct otlp_provider *)(void *)((char *)forked - offsetof(struct otlp_provider, forked));
    pthread_mutex_init(&provider->lock, NULL);
}

int otlp_provider_new(const struct otlp_provider_options *options, struct otlp_provider **provider)
{
    static const struct otlp_provider_options defaults;
    static const struct otlp_resource nothing;
    options = options != NULL ? options : &defaults;
    const struct otlp_resource *given = options->resource != NULL ? options->resource : &nothing;
    struct otlp_provider *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return OTLP_ENOMEM;
    }
    int rc = otlp_resource_new(given->attributes, given->attribute_count, given->schema_url,
                               &made->resource);
    if (rc == 0 && pthread_mutex_init(&made->lock, NULL) != 0) {
        otlp_resource_free(made->resource);
        rc = OTLP_ENOMEM;
    }
    made->forked.in_child = renew_lock;
    if (rc == 0 && otlp__forked_add(&made->forked) != 0) {
        pthread_mutex_destroy(&made->lock);
        otlp_resource_free(made->resource);
        rc = OTLP_ENOMEM;
    }
    if (rc != 0) {
        free(made);
        return rc;
    }
    made->sampler = options->sampler;
    made->limits =
        options->limits != NULL ? *options->limits : (struct otlp_limits)OTLP_LIMITS_DEFAULT;
    made->log_limits = options->log_limits != NULL ? *options->log_limits : made->limits;
    *provider = made;
    return 0;
}

int otlp_provider_add_processor(struct otlp_provider *provider, struct otlp_processor *processor)
{
    struct otlp__sinks *sinks =
        processor->signal == OTLP_TRACES ? &provider->spans : &provider->logs;
    pthread_mutex_lock(&provider->lock);
    int rc = provider->made != NULL                ? OTLP_EINVAL
             : sinks->count == OTLP_PROCESSORS_MAX ? OTLP_ELIMIT
                                                   : 0;
    if (rc == 0) {
        sinks->items[sinks->count++] = processor;
    }
    pthread_mutex_unlock(&provider->lock);
    return rc;
}

static int copy_text(struct otlp__arena *arena, const char *text, const char **copy)
{
    if (text == NULL) {
        return 0;
    }
    *copy = otlp__arena_text(arena, text, strlen(text));
    return *copy != NULL ? 0 : OTLP_ENOMEM;
}

static int copy_scope(struct otlp__arena *arena, const struct otlp_scope *scope,
                      struct otlp_scope *copy)
{
    const struct otlp__attribute_rule rule = {UINT32_MAX, OTLP_UNLIMITED, false};
    uint32_t count = 0;
    uint32_t dropped = 0;
    int rc = copy_text(arena, scope->name, &copy->name);
    if (rc == 0) {
        rc = copy_text(arena, scope->version, &copy->version);
    }
    if (rc == 0) {
        rc = copy_text(arena, scope->schema_url, &copy->schema_url);
    }
    if (rc == 0) {
        rc = otlp__attributes_copy(arena, scope->attributes, scope->attribute_count, rule,
                                   &copy->attributes, &count, &dropped);
    }
    copy->attribute_count = count;
    return rc;
}

static int make(const struct otlp_scope *scope, struct otlp_scope *(*fill)(struct made *),
                struct made **result)
{
    static const struct otlp_scope nameless;
    struct otlp__arena arena = {0};
    struct made *made = otlp__arena_alloc(&arena, sizeof *made);
    if (made == NULL) {
        return OTLP_ENOMEM;
    }
    memset(made, 0, sizeof *made);
    int rc = copy_scope(&arena, scope != NULL ? scope : &nameless, fill(made));
    if (rc != 0) {
        otlp__arena_release(&arena);
        return rc;
    }
    made->arena = arena;
    *result = made;
    return 0;
}

/* From now on no processor is added, so that the copy stays complete. */
static void enter(struct otlp_provider *provider, struct made *made,
                  const struct otlp__sinks *sinks, struct otlp__sinks *copy)
{
    pthread_mutex_lock(&provider->lock);
    *copy = *sinks;
    made->next = provider->made;
    provider->made = made;
    pthread_mutex_unlock(&provider->lock);
}

static struct otlp_scope *scope_of_tracer(struct made *made)
{
    return &made->as.tracer.origin.scope;
}

int otlp_provider_tracer(struct otlp_provider *provider, const struct otlp_scope *scope,
                         struct otlp_tracer **tracer)
{
    struct made *made = NULL;
    int rc = make(scope, scope_of_tracer, &made);
    if (rc != 0) {
        return rc;
    }
    made->as.tracer.origin.resource = provider->resource;
    made->as.tracer.sampler = provider->sampler;
    made->as.tracer.limits = &provider->limits;
    enter(provider, made, &provider->spans, &made->as.tracer.sinks);
    *tracer = &made->as.tracer;
    return 0;
}

static struct otlp_scope *scope_of_logger(struct made *made)
{
    return &made->as.logger.origin.scope;
}

int otlp_provider_logger(struct otlp_provider *provider, const struct otlp_scope *scope,
                         struct otlp_logger **logger)
{
    struct made *made = NULL;
    int rc = make(scope, scope_of_logger, &made);
    if (rc != 0) {
        return rc;
    }
    made->as.logger.origin.resource = provider->resource;
    made->as.logger.limits = &provider->log_limits;
    enter(provider, made, &provider->logs, &made->as.logger.sinks);
    *logger = &made->as.logger;
    return 0;
}

typedef int on_processor(struct otlp_processor *processor, uint64_t timeout_ns);

static int for_each(const struct otlp__sinks *sinks, on_processor *call, uint64_t deadline_ns)
{
    int first_error = 0;
    for (size_t i = 0; i < sinks->count; i++) {
        int rc = call(sinks->items[i], otlp__left_ns(deadline_ns));
        first_error = first_error != 0 ? first_error : rc;
    }
    return first_error;
}

static int for_all(struct otlp_provider *provider, on_processor *call, uint64_t timeout_ns)
{
    uint64_t deadline_ns = otlp__deadline_ns(timeout_ns);
    pthread_mutex_lock(&provider->lock);
    struct otlp__sinks spans = provider->spans;
    struct otlp__sinks logs = provider->logs;
    pthread_mutex_unlock(&provider->lock);
    int rc_spans = for_each(&spans, call, deadline_ns);
    int rc_logs = for_each(&logs, call, deadline_ns);
    return rc_spans != 0 ? rc_spans : rc_logs;
}

int otlp_provider_force_flush(struct otlp_provider *provider, uint64_t timeout_ns)
{
    return for_all(provider, otlp_processor_force_flush, timeout_ns);
}

int otlp_provider_shutdown(struct otlp_provider *provider, uint64_t timeout_ns)
{
    return for_all(provider, otlp_processor_shutdown, timeout_ns);
}

const struct otlp_resource *otlp_provider_resource(const struct otlp_provider *provider)
{
    return provider->resource;
}

static void free_sinks(struct otlp__sinks *sinks)
{
    for (size_t i = 0; i < sinks->count; i++) {
        otlp_processor_free(sinks->items[i]);
    }
}

void otlp_provider_free(struct otlp_provider *provider)
{
    if (provider == NULL) {
        return;
    }
    otlp__forked_remove(&provider->forked);
    free_sinks(&provider->spans);
    free_sinks(&provider->logs);
    struct made *made = provider->made;
    while (made != NULL) {
        struct made *next = made->next;
        struct otlp__arena arena = made->arena;
        otlp__arena_release(&arena);
        made = next;
    }
    otlp_resource_free(provider->resource);
    pthread_mutex_destroy(&provider->lock);
    free(provider);
}
