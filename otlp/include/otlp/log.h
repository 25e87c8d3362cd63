/*
 * Log records.
 *
 * Records are emitted into a batch, which owns copies of them and is then encoded (pack.h). One
 * thread at a time uses a batch.
 */
#ifndef OTLP_LOG_H
#define OTLP_LOG_H

#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/ids.h>
#include <otlp/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The first of each group of four; +1 to +3 are finer steps (logs data model, "SeverityNumber"). */
enum otlp_severity {
    OTLP_SEVERITY_UNSPECIFIED = 0,
    OTLP_SEVERITY_TRACE = 1,
    OTLP_SEVERITY_DEBUG = 5,
    OTLP_SEVERITY_INFO = 9,
    OTLP_SEVERITY_WARN = 13,
    OTLP_SEVERITY_ERROR = 17,
    OTLP_SEVERITY_FATAL = 21,
    OTLP_SEVERITY_MAX = 24,
};

/*
 * One record. A zeroed structure is an empty record; set what is known. Text ends at its NUL; NULL
 * is "not given".
 */
struct otlp_log_record {
    uint64_t time_unix_ns;     /* when it happened; 0: unknown */
    uint64_t observed_unix_ns; /* when it was seen; 0 at emission: now, from CLOCK_REALTIME */
    int severity;              /* 0 to OTLP_SEVERITY_MAX */
    const char *severity_text;
    struct otlp_value body;
    const struct otlp_attribute *attributes;
    uint32_t attribute_count;
    uint32_t dropped_attributes; /* at emission: added to what the limits drop */
    /* The span it belongs to: all zero when there is none. */
    struct otlp_trace_id trace_id;
    struct otlp_span_id span_id;
    uint8_t flags; /* OTLP_FLAG_* */
    const char *event_name;
};

struct otlp_log_batch;

/* An empty batch. limits: NULL for OTLP_LIMITS_DEFAULT; otherwise copied. NULL: out of memory. */
OTLP_API struct otlp_log_batch *otlp_log_batch_new(const struct otlp_limits *limits);

/*
 * Copies a record into the batch, all that it points to included. Attributes beyond
 * limits.attribute_count are dropped and counted in the record; of a repeated key the last value
 * counts. OTLP_EINVAL: a severity or nesting out of range, or an empty key. OTLP_ENOMEM. On failure
 * the batch is unchanged.
 */
OTLP_API int otlp_log_emit(struct otlp_log_batch *batch, const struct otlp_log_record *record);

/* The records in order of emission, valid until the batch is changed; NULL when there are none. */
OTLP_API const struct otlp_log_record *otlp_log_batch_records(const struct otlp_log_batch *batch,
                                                              size_t *count);

/* Forgets the records and keeps the memory for the next ones. */
OTLP_API void otlp_log_batch_reset(struct otlp_log_batch *batch);

/* Bytes of memory that the batch holds. */
OTLP_API size_t otlp_log_batch_bytes(const struct otlp_log_batch *batch);

/* NULL is allowed. */
OTLP_API void otlp_log_batch_free(struct otlp_log_batch *batch);

#ifdef __cplusplus
}
#endif

#endif
