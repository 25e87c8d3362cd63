/*
 * Resource (who produced the telemetry) and instrumentation scope (which library recorded it).
 */
#ifndef OTLP_RESOURCE_H
#define OTLP_RESOURCE_H

#include <stddef.h>

#include <otlp/api.h>
#include <otlp/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A resource as the encoders take it: a plain view. Fill one in by hand (everything it points to
 * stays the caller's), or let otlp_resource_new() make one that owns its memory. A zeroed structure
 * is the empty resource.
 */
struct otlp_resource {
    const struct otlp_attribute *attributes; /* unique keys */
    size_t attribute_count;
    const char *schema_url; /* NULL: none */
};

/*
 * A resource that owns copies of everything: the SDK's own attributes (telemetry.sdk.language,
 * .name, .version) and service.name "unknown_service", each replaced by an attribute of the caller
 * with the same key (specification, resource SDK "SDK-provided resource attributes" and "Merge").
 * When a key occurs twice in `attributes`, the later one wins. attributes may be NULL when count is
 * 0. *resource is to be freed with otlp_resource_free(). OTLP_EINVAL: an empty key, or nesting that
 * is too deep. OTLP_ENOMEM.
 */
OTLP_API int otlp_resource_new(const struct otlp_attribute *attributes, size_t count,
                               const char *schema_url, struct otlp_resource **resource);

/* Frees what otlp_resource_new() made; NULL is allowed. */
OTLP_API void otlp_resource_free(struct otlp_resource *resource);

/* An instrumentation scope: a plain view, all memory the caller's. NULL members are "not given". */
struct otlp_scope {
    const char *name;
    const char *version;
    const struct otlp_attribute *attributes;
    size_t attribute_count;
    const char *schema_url;
};

#ifdef __cplusplus
}
#endif

#endif
