/* What the propagators share. */
#ifndef OTLP_SRC_PROPAGATION_H
#define OTLP_SRC_PROPAGATION_H

#include <otlp/propagate.h>

/* A text constant as pointer and length. */
#define OTLP__TEXT(literal) (literal), (sizeof(literal) - 1)

/* Gets a header that may be there once: OTLP_ENOTFOUND, or OTLP_EFORMAT when there are several. */
int otlp__header_once(const struct otlp_carrier *carrier, const char *name, size_t name_len,
                      struct otlp_header_value *value);

/* Puts a span that was extracted into the context and takes over the reference to its tracestate.
 */
void otlp__propagation_take_span(struct otlp_propagation *context,
                                 const struct otlp_span_context *span, enum otlp_sampling sampling);

#endif
