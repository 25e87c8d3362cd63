#include "specimens.h"

#include "specimen_values.h"

#define SEVERITIES    24
#define BODIES        SPECIMEN_ATTRIBUTES
#define FULL_AND_BARE 2

/* One record with everything, one with nothing but a time, one a severity, and one a type of body.
 */
const struct otlp_log_record *specimens_logs(size_t *count)
{
    static struct otlp_log_record records[FULL_AND_BARE + SEVERITIES + BODIES];
    struct otlp_log_record *next = records;
    *next++ = (struct otlp_log_record){
        .time_unix_ns = START_NS + 1,
        .observed_unix_ns = START_NS + 2,
        .severity = OTLP_SEVERITY_WARN + 1,
        .severity_text = "attention",
        .body = {.type = OTLP_VALUE_KVLIST,
                 .len = SPECIMEN_ATTRIBUTES,
                 .as.kvlist = specimen_attributes},
        .attributes = specimen_attributes,
        .attribute_count = SPECIMEN_ATTRIBUTES,
        .dropped_attributes = 3,
        .trace_id = specimen_trace_id,
        .span_id = specimen_span_id,
        .flags = OTLP_FLAG_SAMPLED,
        .event_name = "an.event",
    };
    *next++ = (struct otlp_log_record){.observed_unix_ns = START_NS + 3};
    for (int severity = 1; severity <= SEVERITIES; severity++) {
        *next++ = (struct otlp_log_record){.observed_unix_ns = START_NS + 4, .severity = severity};
    }
    for (size_t i = 0; i < BODIES; i++) {
        *next++ = (struct otlp_log_record){.observed_unix_ns = START_NS + 100 + i,
                                           .body = specimen_attributes[i].value};
    }
    *count = COUNT(records);
    return records;
}
