#include "pack_internal.h"

#include <stdlib.h>

struct attribute_message {
    pb_key_value key_value;
    pb_any_value value;
};

struct builder {
    struct otlp__arena *arena;
    bool owns_text;
};

static int build_value(struct builder builder, const struct otlp_value *value, unsigned depth,
                       pb_any_value *built);

static int build_text(struct builder builder, const char *text, size_t len, char **built)
{
    if (builder.owns_text) {
        *built = otlp__pb_text(text);
        return 0;
    }
    *built = otlp__arena_text(builder.arena, text, len);
    return *built != NULL ? 0 : OTLP_ENOMEM;
}

static int build_attributes(struct builder builder, const struct otlp_attribute *attributes,
                            size_t count, unsigned depth, pb_key_value ***built)
{
    if (count == 0) {
        *built = NULL;
        return 0;
    }
    pb_key_value **pointers = otlp__arena_alloc(builder.arena, count * sizeof(void *));
    struct attribute_message *messages = otlp__arena_alloc(builder.arena, count * sizeof *messages);
    if (pointers == NULL || messages == NULL) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        pb_key_value *key_value = &messages[i].key_value;
        pointers[i] = key_value;
        opentelemetry__proto__common__v1__key_value__init(key_value);
        key_value->value = &messages[i].value;
        int rc = build_text(builder, attributes[i].key, attributes[i].key_len, &key_value->key);
        if (rc == 0) {
            rc = build_value(builder, &attributes[i].value, depth, key_value->value);
        }
        if (rc != 0) {
            return rc;
        }
    }
    *built = pointers;
    return 0;
}

static int build_array(struct builder builder, const struct otlp_value *value, unsigned depth,
                       pb_any_value *built)
{
    pb_array_value *array = otlp__arena_alloc(builder.arena, sizeof *array);
    pb_any_value **pointers = otlp__arena_alloc(builder.arena, value->len * sizeof(void *));
    pb_any_value *elements = otlp__arena_alloc(builder.arena, value->len * sizeof *elements);
    if (array == NULL || pointers == NULL || elements == NULL) {
        return OTLP_ENOMEM;
    }
    opentelemetry__proto__common__v1__array_value__init(array);
    for (uint32_t i = 0; i < value->len; i++) {
        pointers[i] = &elements[i];
        int rc = build_value(builder, &value->as.array[i], depth + 1, &elements[i]);
        if (rc != 0) {
            return rc;
        }
    }
    array->n_values = value->len;
    array->values = pointers;
    built->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_ARRAY_VALUE;
    built->array_value = array;
    return 0;
}

static int build_kvlist(struct builder builder, const struct otlp_value *value, unsigned depth,
                        pb_any_value *built)
{
    pb_key_value_list *list = otlp__arena_alloc(builder.arena, sizeof *list);
    if (list == NULL) {
        return OTLP_ENOMEM;
    }
    opentelemetry__proto__common__v1__key_value_list__init(list);
    int rc = build_attributes(builder, value->as.kvlist, value->len, depth + 1, &list->values);
    list->n_values = value->len;
    built->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_KVLIST_VALUE;
    built->kvlist_value = list;
    return rc;
}

static int build_value(struct builder builder, const struct otlp_value *value, unsigned depth,
                       pb_any_value *built)
{
    opentelemetry__proto__common__v1__any_value__init(built);
    if (depth > OTLP_VALUE_DEPTH_MAX) {
        return OTLP_EINVAL;
    }
    switch (value->type) {
    case OTLP_VALUE_EMPTY:
        return 0;
    case OTLP_VALUE_STRING:
        built->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE;
        return build_text(builder, value->as.string, value->len, &built->string_value);
    case OTLP_VALUE_BOOL:
        built->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_BOOL_VALUE;
        built->bool_value = value->as.boolean;
        return 0;
    case OTLP_VALUE_INT:
        built->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_INT_VALUE;
        built->int_value = value->as.integer;
        return 0;
    case OTLP_VALUE_DOUBLE:
        built->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_DOUBLE_VALUE;
        built->double_value = value->as.real;
        return 0;
    case OTLP_VALUE_BYTES:
        built->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_BYTES_VALUE;
        built->bytes_value = otlp__pb_bytes(value->as.bytes, value->len);
        return 0;
    case OTLP_VALUE_ARRAY:
        return build_array(builder, value, depth, built);
    case OTLP_VALUE_KVLIST:
        return build_kvlist(builder, value, depth, built);
    }
    return OTLP_EINVAL;
}

int otlp__pb_attributes(struct otlp__arena *arena, const struct otlp_attribute *attributes,
                        size_t count, bool owns_text, pb_key_value ***built)
{
    return build_attributes((struct builder){arena, owns_text}, attributes, count, 0, built);
}

int otlp__pb_value(struct otlp__arena *arena, const struct otlp_value *value, bool owns_text,
                   pb_any_value *built)
{
    return build_value((struct builder){arena, owns_text}, value, 0, built);
}

int otlp__pb_resource(struct otlp__arena *arena, const struct otlp_resource *resource,
                      pb_resource **built)
{
    if (resource == NULL) {
        *built = NULL;
        return 0;
    }
    pb_resource *message = otlp__arena_alloc(arena, sizeof *message);
    if (message == NULL) {
        return OTLP_ENOMEM;
    }
    opentelemetry__proto__resource__v1__resource__init(message);
    message->n_attributes = resource->attribute_count;
    *built = message;
    return otlp__pb_attributes(arena, resource->attributes, resource->attribute_count, false,
                               &message->attributes);
}

int otlp__pb_scope(struct otlp__arena *arena, const struct otlp_scope *scope, pb_scope **built)
{
    if (scope == NULL) {
        *built = NULL;
        return 0;
    }
    pb_scope *message = otlp__arena_alloc(arena, sizeof *message);
    if (message == NULL) {
        return OTLP_ENOMEM;
    }
    opentelemetry__proto__common__v1__instrumentation_scope__init(message);
    message->name = otlp__pb_text(scope->name);
    message->version = otlp__pb_text(scope->version);
    message->n_attributes = scope->attribute_count;
    *built = message;
    return otlp__pb_attributes(arena, scope->attributes, scope->attribute_count, false,
                               &message->attributes);
}

int otlp__pb_append(const ProtobufCMessage *message, struct otlp_buffer *out)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    int rc = otlp_buffer_reserve(out, size);
    if (rc != 0) {
        return rc;
    }
    if (size > 0) {
        out->len += protobuf_c_message_pack(message, out->data + out->len);
    }
    return 0;
}

struct otlp_packer *otlp_packer_new(void)
{
    return calloc(1, sizeof(struct otlp_packer));
}

size_t otlp_packer_bytes(const struct otlp_packer *packer)
{
    return sizeof *packer + otlp__arena_bytes(&packer->arena);
}

void otlp_packer_free(struct otlp_packer *packer)
{
    if (packer != NULL) {
        otlp__arena_release(&packer->arena);
        free(packer);
    }
}
