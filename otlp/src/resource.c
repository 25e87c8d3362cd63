#include <otlp/resource.h>

#include <otlp.h>

#include "attributes.h"

struct owned_resource {
    struct otlp_resource resource; /* first: a resource is freed through it */
    struct otlp__arena arena;
};

static int put_all(const struct otlp__attribute_array *array,
                   const struct otlp_attribute *attributes, size_t count)
{
    const struct otlp__attribute_rule rule = {UINT32_MAX, OTLP_UNLIMITED, false};
    for (size_t i = 0; i < count; i++) {
        int rc = otlp__attribute_put(array, &attributes[i], rule);
        if (rc != 0) {
            return rc == OTLP_ELIMIT ? OTLP_EINVAL : rc;
        }
    }
    return 0;
}

static int fill(struct owned_resource *owned, const struct otlp_attribute *attributes, size_t count,
                const char *schema_url)
{
    const struct otlp_attribute sdk[] = {
        otlp_attribute_string("service.name", "unknown_service"),
        otlp_attribute_string("telemetry.sdk.language", "c"),
        otlp_attribute_string("telemetry.sdk.name", "libotlp"),
        otlp_attribute_string("telemetry.sdk.version", OTLP_VERSION),
    };
    struct otlp__key_index index = {0};
    uint32_t item_count = 0;
    struct otlp__attribute_array array = {&owned->resource.attributes, &item_count, &index,
                                          &owned->arena};
    int rc = put_all(&array, sdk, sizeof sdk / sizeof sdk[0]);
    if (rc == 0) {
        rc = put_all(&array, attributes, count);
    }
    if (rc != 0) {
        return rc;
    }
    owned->resource.attribute_count = item_count;
    if (schema_url != NULL) {
        owned->resource.schema_url =
            otlp__arena_text(&owned->arena, schema_url, strlen(schema_url));
        return owned->resource.schema_url != NULL ? 0 : OTLP_ENOMEM;
    }
    return 0;
}

int otlp_resource_new(const struct otlp_attribute *attributes, size_t count, const char *schema_url,
                      struct otlp_resource **resource)
{
    struct otlp__arena arena = {0};
    struct owned_resource *owned = otlp__arena_alloc(&arena, sizeof *owned);
    if (owned == NULL) {
        return OTLP_ENOMEM;
    }
    memset(owned, 0, sizeof *owned);
    owned->arena = arena;
    int rc = fill(owned, attributes, count, schema_url);
    if (rc != 0) {
        otlp_resource_free(&owned->resource);
        return rc;
    }
    *resource = &owned->resource;
    return 0;
}

void otlp_resource_free(struct otlp_resource *resource)
{
    if (resource != NULL) {
        struct otlp__arena arena = ((struct owned_resource *)resource)->arena;
        otlp__arena_release(&arena);
    }
}
