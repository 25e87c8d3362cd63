#include <otlp/log.h>

#include <stdlib.h>

#include "log_internal.h"

#define FIRST_CAPACITY 64

struct otlp_log_batch {
    struct otlp_log_record *records;
    size_t count;
    size_t capacity;
    struct otlp_limits limits;
    struct otlp__arena arena;
};

struct otlp_log_batch *otlp_log_batch_new(const struct otlp_limits *limits)
{
    struct otlp_log_batch *batch = calloc(1, sizeof *batch);
    if (batch != NULL) {
        batch->limits = limits != NULL ? *limits : (struct otlp_limits)OTLP_LIMITS_DEFAULT;
    }
    return batch;
}

static int make_room(struct otlp_log_batch *batch)
{
    if (batch->count < batch->capacity) {
        return 0;
    }
    size_t capacity = batch->capacity == 0 ? FIRST_CAPACITY : 2 * batch->capacity;
    struct otlp_log_record *records = capacity <= SIZE_MAX / sizeof *records
                                          ? realloc(batch->records, capacity * sizeof *records)
                                          : NULL;
    if (records == NULL) {
        return OTLP_ENOMEM;
    }
    batch->records = records;
    batch->capacity = capacity;
    return 0;
}

int otlp_log_emit(struct otlp_log_batch *batch, const struct otlp_log_record *record)
{
    if (record->severity < 0 || record->severity > OTLP_SEVERITY_MAX) {
        return OTLP_EINVAL;
    }
    int rc = make_room(batch);
    if (rc == 0) {
        rc = otlp__log_record_copy(&batch->arena, &batch->limits, record,
                                   &batch->records[batch->count]);
    }
    batch->count += rc == 0;
    return rc;
}

const struct otlp_log_record *otlp_log_batch_records(const struct otlp_log_batch *batch,
                                                     size_t *count)
{
    *count = batch->count;
    return batch->count > 0 ? batch->records : NULL;
}

void otlp_log_batch_reset(struct otlp_log_batch *batch)
{
    batch->count = 0;
    otlp__arena_reset(&batch->arena);
}

size_t otlp_log_batch_bytes(const struct otlp_log_batch *batch)
{
    return sizeof *batch + batch->capacity * sizeof *batch->records +
           otlp__arena_bytes(&batch->arena);
}

void otlp_log_batch_free(struct otlp_log_batch *batch)
{
    if (batch != NULL) {
        otlp__arena_release(&batch->arena);
        free(batch->records);
        free(batch);
    }
}
