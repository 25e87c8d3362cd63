#include "measure/record.h"

#include <stdio.h>

void record_end(struct record *record, enum record_state state, const char *reason)
{
    if (record->state != RECORD_FAILED && record->state != RECORD_SKIPPED) {
        snprintf(record->reason, sizeof record->reason, "%s", reason);
        record->state = state;
    }
}
