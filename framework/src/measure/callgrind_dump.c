#include "measure/callgrind_dump.h"

#include <string.h>

#define TRIGGER "desc: Trigger: Client Request: "
#define EVENTS  "events: Ir"
#define TOTALS  "totals: "

struct line {
    const char *text;
    size_t length;
};

static bool begins(const struct line *line, const char *words)
{
    size_t length = strlen(words);
    return line->length >= length && memcmp(line->text, words, length) == 0;
}

/* What follows the words is all of the rest, or is separated by a space. */
static bool ends_after(const struct line *line, size_t length)
{
    return line->length == length || (line->length > length && line->text[length] == ' ');
}

/* The number that begins at `from`. */
static bool read_number(const struct line *line, size_t from, uint64_t *number)
{
    size_t at = from;
    uint64_t value = 0;
    while (at < line->length && line->text[at] >= '0' && line->text[at] <= '9') {
        unsigned digit = (unsigned)(line->text[at++] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return at > from && ends_after(line, at);
}

static bool is_label(const struct line *line, const char *label)
{
    size_t from = sizeof TRIGGER - 1;
    return line->length - from == strlen(label) &&
           memcmp(line->text + from, label, strlen(label)) == 0;
}

bool callgrind_dump_read(const char *text, size_t length, const char *label, uint64_t *count)
{
    unsigned triggers = 0;
    unsigned events = 0;
    unsigned totals = 0;
    size_t at = 0;
    while (at < length) {
        const char *end = memchr(text + at, '\n', length - at);
        if (end == NULL) {
            return false; /* the last line was cut off */
        }
        struct line line = {text + at, (size_t)(end - text) - at};
        at += line.length + 1;
        if (begins(&line, TRIGGER)) {
            triggers++;
            if (!is_label(&line, label)) {
                return false;
            }
        } else if (begins(&line, "events:")) {
            events++;
            if (!begins(&line, EVENTS) || !ends_after(&line, sizeof EVENTS - 1)) {
                return false;
            }
        } else if (begins(&line, TOTALS)) {
            totals++;
            if (!read_number(&line, sizeof TOTALS - 1, count)) {
                return false;
            }
        }
    }
    return triggers == 1 && events == 1 && totals == 1;
}
