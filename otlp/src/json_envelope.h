/*
 * The parts of a request in JSON that stand around its items.
 */
#ifndef OTLP_SRC_JSON_ENVELOPE_H
#define OTLP_SRC_JSON_ENVELOPE_H

#include <otlp/encode.h>

#include "json_encode.h"

/* {"resourceSpans":[{"resource":{...},"scopeSpans":[ and what ends it. resource may be NULL. */
int otlp__json_open_resource(struct otlp__writer *writer, enum otlp_signal signal,
                             const struct otlp_resource *resource);
int otlp__json_close_resource(struct otlp__writer *writer, const char *schema_url);

/* {"scope":{...},"spans":[ and what ends it, with a comma before it unless it is the first. */
int otlp__json_open_scope(struct otlp__writer *writer, enum otlp_signal signal,
                          const struct otlp_scope *scope, bool is_first);
int otlp__json_close_scope(struct otlp__writer *writer, const char *schema_url);

/* One item of the model. */
int otlp__json_span(struct otlp__writer *writer, const struct otlp_span_data *span);
int otlp__json_log(struct otlp__writer *writer, const struct otlp_log_record *record);
int otlp__json_metric(struct otlp__writer *writer, const struct otlp_metric *metric);

#endif
