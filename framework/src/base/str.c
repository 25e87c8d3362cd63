#include "base/str.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct str *s, size_t extra)
{
    size_t need = s->length + extra + 1;
    if (need > s->capacity) {
        size_t capacity = s->capacity < 64 ? 64 : s->capacity * 2;
        s->capacity = capacity < need ? need : capacity;
        s->data = memory_resize(s->data, s->capacity, 1);
    }
}

void str_add_bytes(struct str *s, const char *bytes, size_t length)
{
    reserve(s, length);
    memcpy(s->data + s->length, bytes, length);
    s->length += length;
    s->data[s->length] = '\0';
}

void str_add(struct str *s, const char *text)
{
    str_add_bytes(s, text, strlen(text));
}

void str_add_char(struct str *s, char c)
{
    str_add_bytes(s, &c, 1);
}

void str_format(struct str *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length <= 0) {
        return;
    }
    reserve(s, (size_t)length);
    va_start(args, format);
    vsnprintf(s->data + s->length, (size_t)length + 1, format, args);
    va_end(args);
    s->length += (size_t)length;
}

void str_clear(struct str *s)
{
    s->length = 0;
    if (s->data != NULL) {
        s->data[0] = '\0';
    }
}

void str_release(struct str *s)
{
    free(s->data);
    *s = STR_EMPTY;
}

char *str_detach(struct str *s)
{
    char *data = s->data == NULL ? memory_text("") : s->data;
    *s = STR_EMPTY;
    return data;
}
