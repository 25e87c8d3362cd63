/* A text that grows. Invariants between calls: `data` is NULL-terminated at `length`, or NULL while
 * the text is empty and nothing was ever added; str_text() never returns NULL. */
#ifndef ASSAY_BASE_STR_H
#define ASSAY_BASE_STR_H

#include <stdarg.h>
#include <stddef.h>

struct str {
    char *data;
    size_t length;
    size_t capacity;
};

#define STR_EMPTY ((struct str){NULL, 0, 0})

void str_add(struct str *s, const char *text);
void str_add_bytes(struct str *s, const char *bytes, size_t length);
void str_add_char(struct str *s, char c);
void str_format(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Empties the text and keeps its memory. */
void str_clear(struct str *s);
/* Frees the memory; the text is empty and may be used again. */
void str_release(struct str *s);
/* Hands the memory to the caller, who frees it; the text is empty again. */
char *str_detach(struct str *s);

static inline const char *str_text(const struct str *s)
{
    return s->data == NULL ? "" : s->data;
}

#endif
