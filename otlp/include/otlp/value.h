/*
 * Values and attributes, and the limits that apply to them.
 *
 * A value is a tagged union as OTLP's AnyValue knows it; an attribute is a key with a value. Both
 * are plain structures that point to text, bytes and elements of the caller. The function that
 * takes an attribute says whether it copies what is pointed to or keeps referring to it.
 *
 * Text is UTF-8 (not checked here; a receiver refuses anything else) and lengths are in bytes.
 * A key must not be empty. Arrays and maps may be nested OTLP_VALUE_DEPTH_MAX deep.
 */
#ifndef OTLP_VALUE_H
#define OTLP_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <otlp/api.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OTLP_VALUE_DEPTH_MAX 16

enum otlp_value_type {
    OTLP_VALUE_EMPTY, /* no value at all; a zeroed struct otlp_value */
    OTLP_VALUE_STRING,
    OTLP_VALUE_BOOL,
    OTLP_VALUE_INT,
    OTLP_VALUE_DOUBLE,
    OTLP_VALUE_BYTES,
    OTLP_VALUE_ARRAY,
    OTLP_VALUE_KVLIST,
};

struct otlp_attribute;

struct otlp_value {
    enum otlp_value_type type;
    uint32_t len; /* string and bytes: length in bytes; array and kvlist: elements; else 0 */
    union {
        const char *string; /* NULL is allowed when len is 0 */
        bool boolean;
        int64_t integer;
        double real;
        const uint8_t *bytes;
        const struct otlp_value *array;
        const struct otlp_attribute *kvlist;
    } as;
};

struct otlp_attribute {
    const char *key;
    uint32_t key_len;
    uint32_t key_hash; /* the library's own; leave it 0 */
    struct otlp_value value;
};

/*
 * How much one span or log record may hold (specification, common "Attribute Limits", trace SDK
 * "Span Limits", logs SDK "LogRecord Limits"). What goes beyond a count is discarded and counted.
 * Text longer than value_length is cut after that many characters (code points), bytes after that
 * many bytes, in arrays and maps element by element. Resources, scopes and metrics have no limits.
 */
struct otlp_limits {
    uint32_t attribute_count; /* on the span or the record; at most 65535 */
    uint32_t event_count;
    uint32_t link_count;
    uint32_t event_attribute_count; /* on each event */
    uint32_t link_attribute_count;  /* on each link */
    uint32_t value_length;          /* OTLP_UNLIMITED: do not cut */
};

#define OTLP_UNLIMITED UINT32_MAX
#define OTLP_LIMITS_DEFAULT                                                                        \
    {                                                                                              \
        128, 128, 128, 128, 128, OTLP_UNLIMITED                                                    \
    }

/* Values. The text, bytes or elements are referred to, not copied. */

static inline struct otlp_value otlp_value_string_n(const char *text, size_t text_len)
{
    struct otlp_value value;
    value.type = OTLP_VALUE_STRING;
    value.len = (uint32_t)text_len;
    value.as.string = text;
    return value;
}

/* text ends at its NUL. */
static inline struct otlp_value otlp_value_string(const char *text)
{
    return otlp_value_string_n(text, strlen(text));
}

static inline struct otlp_value otlp_value_bool(bool boolean)
{
    struct otlp_value value;
    value.type = OTLP_VALUE_BOOL;
    value.len = 0;
    value.as.integer = 0;
    value.as.boolean = boolean;
    return value;
}

static inline struct otlp_value otlp_value_int(int64_t integer)
{
    struct otlp_value value;
    value.type = OTLP_VALUE_INT;
    value.len = 0;
    value.as.integer = integer;
    return value;
}

static inline struct otlp_value otlp_value_double(double real)
{
    struct otlp_value value;
    value.type = OTLP_VALUE_DOUBLE;
    value.len = 0;
    value.as.real = real;
    return value;
}

static inline struct otlp_value otlp_value_bytes(const uint8_t *bytes, size_t bytes_len)
{
    struct otlp_value value;
    value.type = OTLP_VALUE_BYTES;
    value.len = (uint32_t)bytes_len;
    value.as.bytes = bytes;
    return value;
}

static inline struct otlp_value otlp_value_array(const struct otlp_value *elements, size_t count)
{
    struct otlp_value value;
    value.type = OTLP_VALUE_ARRAY;
    value.len = (uint32_t)count;
    value.as.array = elements;
    return value;
}

static inline struct otlp_value otlp_value_kvlist(const struct otlp_attribute *entries,
                                                  size_t count)
{
    struct otlp_value value;
    value.type = OTLP_VALUE_KVLIST;
    value.len = (uint32_t)count;
    value.as.kvlist = entries;
    return value;
}

/* Attributes. The key is referred to, not copied. */

static inline struct otlp_attribute otlp_attribute_n(const char *key, size_t key_len,
                                                     struct otlp_value value)
{
    struct otlp_attribute attribute;
    attribute.key = key;
    attribute.key_len = (uint32_t)key_len;
    attribute.key_hash = 0;
    attribute.value = value;
    return attribute;
}

/* key ends at its NUL, in these five. */
static inline struct otlp_attribute otlp_attribute(const char *key, struct otlp_value value)
{
    return otlp_attribute_n(key, strlen(key), value);
}

static inline struct otlp_attribute otlp_attribute_string(const char *key, const char *text)
{
    return otlp_attribute(key, otlp_value_string(text));
}

static inline struct otlp_attribute otlp_attribute_bool(const char *key, bool boolean)
{
    return otlp_attribute(key, otlp_value_bool(boolean));
}

static inline struct otlp_attribute otlp_attribute_int(const char *key, int64_t integer)
{
    return otlp_attribute(key, otlp_value_int(integer));
}

static inline struct otlp_attribute otlp_attribute_double(const char *key, double real)
{
    return otlp_attribute(key, otlp_value_double(real));
}

/* True when type and content are the same: text and bytes by content, doubles by their bits, arrays
 * in order, maps regardless of order. Nesting beyond OTLP_VALUE_DEPTH_MAX is never equal. */
OTLP_API bool otlp_value_equal(const struct otlp_value *a, const struct otlp_value *b);

/* The value of a key in an array of attributes, or NULL. The last one wins when a key occurs twice.
 * key ends at its NUL. */
OTLP_API const struct otlp_value *otlp_attributes_find(const struct otlp_attribute *attributes,
                                                       size_t count, const char *key);

#ifdef __cplusplus
}
#endif

#endif
