/*
 * OTLP/JSON, both ways (OTLP specification, "JSON Protobuf Encoding").
 *
 * Written: one line without white space. Keys in lowerCamelCase; trace and span ids as lower-case
 * hex, other bytes as base64; enums as numbers; 64-bit integers as decimal strings; doubles as a
 * text that reads back to the same bits, or "NaN", "Infinity", "-Infinity". Fields with
 * their default value are left out. A byte that is not UTF-8 becomes U+FFFD.
 *
 * Read: hex in any case; 64-bit integers as strings or numbers; doubles as numbers or strings;
 * enums as numbers; base64 in the standard or the URL alphabet, padded or not; null as "not given";
 * keys in lowerCamelCase only, any others are skipped whatever their value, as are the names of
 * enums refused. Of a key that occurs again the last value counts, and lists are joined. Values are
 * nested at most OTLP_VALUE_DEPTH_MAX deep, what is skipped at most OTLP_JSON_DEPTH_MAX.
 */
#ifndef OTLP_JSON_H
#define OTLP_JSON_H

#include <otlp/document.h>
#include <otlp/log.h>
#include <otlp/metric.h>
#include <otlp/resource.h>
#include <otlp/span.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OTLP_JSON_DEPTH_MAX 64

/* One request as JSON, appended to `out`, from the same arguments and with the same codes as
 * otlp_encode_spans() and its like. count 0 gives {}. Requests in JSON cannot be concatenated. */
OTLP_API int otlp_json_encode_spans(const struct otlp_resource *resource,
                                    const struct otlp_scope *scope,
                                    const struct otlp_span *const *spans, size_t count,
                                    struct otlp_buffer *out);
OTLP_API int otlp_json_encode_logs(const struct otlp_resource *resource,
                                   const struct otlp_scope *scope,
                                   const struct otlp_log_record *records, size_t count,
                                   struct otlp_buffer *out);
OTLP_API int otlp_json_encode_metrics(const struct otlp_resource *resource,
                                      const struct otlp_scope *scope,
                                      const struct otlp_metric *metrics, size_t count,
                                      struct otlp_buffer *out);

/*
 * Decodes one JSON text (an object, white space around it allowed) into the document, whose former
 * content goes. The document owns its text; `text` may go afterwards. flags: OTLP_DECODE_UTF8 (see
 * decode.h) or 0.
 * OTLP_EFORMAT: not JSON, a value of a wrong type or out of range, an id of a wrong length, nesting
 * that is too deep; OTLP_ETOOBIG: the text or the tree is larger than permitted; OTLP_ENOMEM;
 * OTLP_EINVAL: no such signal. On failure the document is empty.
 */
OTLP_API int otlp_json_decode(struct otlp_document *document, enum otlp_signal signal,
                              const char *text, size_t text_len, unsigned flags);

#ifdef __cplusplus
}
#endif

#endif
