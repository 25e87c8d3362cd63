/*
 * Telemetry of every kind, the same in each run but for the ids of spans: what
 * tests/interop/specimens.py expects.
 */
#ifndef INTEROP_SPECIMENS_H
#define INTEROP_SPECIMENS_H

#include <otlp.h>

struct specimens {
    struct otlp_resource resource;
    struct otlp_scope scope;
    struct otlp_span **spans;
    size_t span_count;
    struct otlp_attribute *resource_attributes;
    char *padding;
};

/* case_name becomes an attribute of the resource, and is borrowed. Beside the specimens there are
 * extra_spans with ten short attributes each, and an attribute of padding_bytes in the resource
 * when that is not 0. Ends the program when memory runs out. */
void specimens_make(struct specimens *specimens, const char *case_name, size_t extra_spans,
                    size_t padding_bytes);
void specimens_release(struct specimens *specimens);

const struct otlp_log_record *specimens_logs(size_t *count);
const struct otlp_metric *specimens_metrics(size_t *count);

#endif
