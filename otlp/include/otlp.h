/*
 * libotlp: an OpenTelemetry Protocol client in C.
 *
 *   ids.h        trace ids, span ids, span contexts, reproducible id generators
 *   value.h      attribute values, attributes, limits
 *   resource.h   who produced the telemetry, and which library recorded it
 *   sampler.h    which spans are recorded
 *   provider.h   providers, tracers, loggers, and the current context of a thread
 *   processor.h  from ended spans and log records to requests: batch and simple
 *   sdk_environment.h  what OTEL_* variables say about resource, sampler and limits
 *   reader.h     periodic export of metrics
 *   tuner.h      batch size, workers and compression, adjusted toward targets
 *   span.h       spans: start, attributes, events, links, status, end, clone
 *   log.h        log records, emitted into a batch
 *   metric.h     counters, gauges and histograms, collected into a batch
 *   pack.h       encoding of all three as OTLP requests, by protobuf-c
 *   encode.h     the same without protobuf-c, whole or item by item
 *   document.h   a received request as a tree
 *   decode.h     protobuf to a document, and a check without one
 *   json.h       OTLP/JSON, written and read
 *   response.h   answers of a receiver: partial success, status
 *   buffer.h     bytes in memory of the caller or in memory that grows
 *   propagate.h  trace context and baggage in carriers: W3C, B3
 *   exporter.h   what takes encoded requests and delivers them
 *   transport.h  the exporter over HTTP and gRPC
 *   exporter_environment.h  exporters as OTEL_EXPORTER_OTLP_* says
 *   file_exporter.h  the exporter to a file, a line a request
 *   compress.h   gzip, zstd and brotli of an encoded request
 *   error.h      error codes with their names and texts
 *   receiver.h   the other side: receives on loopback; a library of its own, not included here
 *
 * A span, encoded:
 *
 *   struct otlp_span *span = otlp_span_start("GET /orders", NULL);
 *   otlp_span_set_string(span, "http.request.method", "GET");
 *   otlp_span_end(span, 0);
 *
 *   const struct otlp_span *spans[] = {span};
 *   struct otlp_packer *packer = otlp_packer_new();
 *   struct otlp_buffer request = {0};
 *   int error = otlp_pack_spans(packer, NULL, NULL, spans, 1, &request);
 *   ... send request.data, request.len ...
 *   otlp_buffer_release(&request);
 *   otlp_packer_free(packer);
 *   otlp_span_free(span);
 *
 * Functions that can fail return 0 or a negative code of error.h, or NULL when only memory can be
 * lacking. Structures whose members are in a header are plain data; the others are made and freed
 * by the library. All text is UTF-8, all times are nanoseconds since the Unix epoch.
 */
#ifndef OTLP_H
#define OTLP_H

#define OTLP_VERSION "0.1.0"

#include <otlp/buffer.h>
#include <otlp/compress.h>
#include <otlp/decode.h>
#include <otlp/document.h>
#include <otlp/encode.h>
#include <otlp/error.h>
#include <otlp/exporter.h>
#include <otlp/exporter_environment.h>
#include <otlp/file_exporter.h>
#include <otlp/ids.h>
#include <otlp/json.h>
#include <otlp/log.h>
#include <otlp/metric.h>
#include <otlp/pack.h>
#include <otlp/processor.h>
#include <otlp/propagate.h>
#include <otlp/provider.h>
#include <otlp/reader.h>
#include <otlp/resource.h>
#include <otlp/response.h>
#include <otlp/sampler.h>
#include <otlp/sdk_environment.h>
#include <otlp/signal.h>
#include <otlp/span.h>
#include <otlp/transport.h>
#include <otlp/tuner.h>
#include <otlp/value.h>

#endif
