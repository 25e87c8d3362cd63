#include "measure/record.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* One line of text: no control characters, and no part of a character where it was cut off. */
static void tidy(char *text, size_t size)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        text[i] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
    }
    if (length + 1 < size) {
        return;
    }
    while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80) {
        length--;
    }
    text[length > 0 && (unsigned char)text[length - 1] >= 0xc0 ? length - 1 : length] = '\0';
}

void record_end(struct record *record, enum record_state state, const char *reason)
{
    if (record->state != RECORD_FAILED && record->state != RECORD_SKIPPED) {
        snprintf(record->reason, sizeof record->reason, "%s", reason);
        tidy(record->reason, sizeof record->reason);
        record->state = state;
    }
}
