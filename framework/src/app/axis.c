#include "app/axis.h"

#include <ctype.h>
#include <string.h>

/* Moves past a quoted text that begins at `at`. */
static const char *skip_quoted(const char *at)
{
    char quote = *at++;
    while (*at != '\0' && *at != quote) {
        at += *at == '\\' && at[1] != '\0' ? 2 : 1;
    }
    return *at == '\0' ? at : at + 1;
}

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\n");
}

/* The text behind the opening brace of `.field = {`, or NULL. */
static const char *find_braces(const char *text, const char *field)
{
    size_t length = strlen(field);
    for (const char *at = text; *at != '\0';) {
        if (*at == '"' || *at == '\'') {
            at = skip_quoted(at);
            continue;
        }
        if (*at == '.' && strncmp(at + 1, field, length) == 0 &&
            !isalnum((unsigned char)at[1 + length]) && at[1 + length] != '_') {
            const char *after = skip_space(at + 1 + length);
            after = *after == '=' ? skip_space(after + 1) : after;
            if (*after == '{') {
                return after + 1;
            }
        }
        at++;
    }
    return NULL;
}

size_t axis_count_initialisers(const char *fields_text, const char *field)
{
    const char *at = find_braces(fields_text, field);
    if (at == NULL) {
        return 0;
    }
    size_t count = 0;
    int depth = 0;
    bool filled = false;
    while (*at != '\0' && !(depth == 0 && *at == '}')) {
        if (*at == '"' || *at == '\'') {
            filled = true;
            at = skip_quoted(at);
            continue;
        }
        depth +=
            (*at == '(' || *at == '{' || *at == '[') - (*at == ')' || *at == '}' || *at == ']');
        if (depth == 0 && *at == ',') {
            count += filled;
            filled = false;
        } else if (!isspace((unsigned char)*at)) {
            filled = true;
        }
        at++;
    }
    return count + filled;
}

static int read_axis(const struct assay_entry *entry, const char *field, const int64_t *integers,
                     const char *const *words, struct axis *axis, struct error *error)
{
    size_t word_count = 0;
    while (word_count < ASSAY_AXIS_MAX && words[word_count] != NULL) {
        word_count++;
    }
    size_t integer_count = axis_count_initialisers(entry->fields_text, field);
    size_t last = ASSAY_AXIS_MAX;
    while (last > 0 && integers[last - 1] == 0) {
        last--;
    }
    if (word_count > 0 && integer_count > 0) {
        return error_set(error, STATUS_USAGE,
                         "%s:%d: %s gives both integers and words for one axis", entry->file,
                         entry->line, entry->ident);
    }
    if (integer_count > ASSAY_AXIS_MAX || last > integer_count) {
        return error_set(
            error, STATUS_USAGE,
            "%s:%d: %s: the integers of .%s cannot be counted: write them out, at most %d",
            entry->file, entry->line, entry->ident, field, ASSAY_AXIS_MAX);
    }
    axis->words = word_count > 0 ? words : NULL;
    axis->integers = integer_count > 0 ? integers : NULL;
    axis->count = word_count > 0 ? word_count : integer_count;
    return 0;
}

int axis_first(const struct assay_entry *entry, struct axis *axis, struct error *error)
{
    axis->name = entry->arg_name;
    return read_axis(entry, "args", entry->args, entry->arg_names, axis, error);
}

int axis_second(const struct assay_entry *entry, struct axis *axis, struct error *error)
{
    axis->name = entry->arg2_name;
    return read_axis(entry, "args2", entry->args2, entry->arg2_names, axis, error);
}
