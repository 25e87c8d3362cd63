/* The parts of B3 that its single and multiple headers share (openzipkin/b3-propagation). */
#ifndef OTLP_SRC_B3_H
#define OTLP_SRC_B3_H

#include <otlp/propagate.h>

/* Reads the two ids and makes *span of them: remote, without flags. False when they are malformed.
 */
bool otlp__b3_ids(const struct otlp_header_value *trace_id, const struct otlp_header_value *span_id,
                  struct otlp_span_context *span);

/* True for 16 lower-case hex digits that are not all zero. */
bool otlp__b3_is_span_id(const char *text, size_t text_len);

#endif
