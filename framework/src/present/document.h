/* Parts that every document of Assay's own has in the same form, result or comparison. */
#ifndef ASSAY_PRESENT_DOCUMENT_H
#define ASSAY_PRESENT_DOCUMENT_H

#include "analysis/density.h"
#include "base/json_writer.h"
#include "measure/clock.h"
#include "measure/host.h"

#include <stddef.h>

/* Schema, method and tool: the first members of a document. */
void document_add_kind(struct json_writer *w, const char *schema, int method, const char *version);
void document_add_host(struct json_writer *w, const struct host_facts *host);
void document_add_clock(struct json_writer *w, const struct clock_facts *clock);
/* An array of texts, one a line. */
void document_add_texts(struct json_writer *w, const char *key, char *const *texts, size_t count);
/* Start, step and density on one line. `unit` ends the names of the first two: "" or "_ns". */
void document_add_curve(struct json_writer *w, const char *key, const char *unit,
                        const struct curve *curve);

#endif
