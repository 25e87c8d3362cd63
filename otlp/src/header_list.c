#include <otlp/propagate.h>

#include "ascii.h"

#include <string.h>

void otlp_header_list_init(struct otlp_header_list *list, struct otlp_header *headers,
                           size_t capacity, char *text, size_t text_capacity)
{
    *list = (struct otlp_header_list){
        .headers = headers,
        .capacity = capacity,
        .text = text,
        .text_capacity = text_capacity,
    };
}

void otlp_header_list_clear(struct otlp_header_list *list)
{
    list->count = 0;
    list->text_bytes = 0;
}

int otlp_header_list_add(struct otlp_header_list *list, const char *name, size_t name_len,
                         const char *value, size_t value_len)
{
    if (list->count == list->capacity) {
        return OTLP_ENOSPC;
    }
    list->headers[list->count++] = (struct otlp_header){name, name_len, value, value_len};
    return 0;
}

static size_t find_from(const struct otlp_header_list *list, size_t from, const char *name,
                        size_t name_len)
{
    size_t i = from;
    while (i < list->count &&
           !otlp__equal_fold(list->headers[i].name, list->headers[i].name_len, name, name_len)) {
        i++;
    }
    return i;
}

static void remove_from(struct otlp_header_list *list, size_t from, const char *name,
                        size_t name_len)
{
    size_t kept = from;
    for (size_t i = from; i < list->count; i++) {
        const struct otlp_header *header = &list->headers[i];
        if (!otlp__equal_fold(header->name, header->name_len, name, name_len)) {
            list->headers[kept++] = *header;
        }
    }
    list->count = kept;
}

/* Whether the text is a copy that this list made, and so may be written over. */
static bool is_own(const struct otlp_header_list *list, const char *text)
{
    uintptr_t begin = (uintptr_t)list->text;
    return list->text != NULL && (uintptr_t)text >= begin &&
           (uintptr_t)text < begin + list->text_bytes;
}

static const char *copy_in(struct otlp_header_list *list, const char *text, size_t len)
{
    char *copy = list->text + list->text_bytes;
    memcpy(copy, text, len);
    list->text_bytes += len;
    return copy;
}

int otlp_header_list_set(struct otlp_header_list *list, const char *name, size_t name_len,
                         const char *value, size_t value_len)
{
    size_t at = find_from(list, 0, name, name_len);
    size_t room = list->text_capacity - list->text_bytes;
    if (at == list->count) {
        if (at == list->capacity || name_len > room || value_len > room - name_len) {
            return OTLP_ENOSPC;
        }
        const char *name_copy = name_len > 0 ? copy_in(list, name, name_len) : "";
        const char *value_copy = value_len > 0 ? copy_in(list, value, value_len) : "";
        return otlp_header_list_add(list, name_copy, name_len, value_copy, value_len);
    }

    struct otlp_header *header = &list->headers[at];
    if (value_len == 0) {
        header->value = "";
    } else if (value_len <= header->value_len && is_own(list, header->value)) {
        memmove(list->text + (header->value - list->text), value, value_len);
    } else if (value_len <= room) {
        header->value = copy_in(list, value, value_len);
    } else {
        return OTLP_ENOSPC;
    }
    header->value_len = value_len;
    remove_from(list, at + 1, name, name_len);
    return 0;
}

const struct otlp_header *otlp_header_list_find(const struct otlp_header_list *list,
                                                const char *name, size_t name_len)
{
    size_t at = find_from(list, 0, name, name_len);
    return at < list->count ? &list->headers[at] : NULL;
}

static size_t carrier_get(const void *data, const char *name, size_t name_len,
                          struct otlp_header_value *values, size_t capacity)
{
    const struct otlp_header_list *list = data;
    size_t found = 0;
    for (size_t i = find_from(list, 0, name, name_len); i < list->count;
         i = find_from(list, i + 1, name, name_len)) {
        if (found < capacity) {
            values[found] =
                (struct otlp_header_value){list->headers[i].value, list->headers[i].value_len};
        }
        found++;
    }
    return found;
}

static int carrier_set(void *data, const char *name, size_t name_len, const char *value,
                       size_t value_len)
{
    return otlp_header_list_set(data, name, name_len, value, value_len);
}

struct otlp_carrier otlp_header_list_carrier(struct otlp_header_list *list)
{
    return (struct otlp_carrier){.get = carrier_get, .set = carrier_set, .data = list};
}
