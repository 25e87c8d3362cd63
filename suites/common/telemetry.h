/*
 * Seeded telemetry that looks like production.
 *
 * What is made, and why. A shop of six services (gateway, checkout, catalog, payment, search,
 * accounts). A generator is one instance of one of them, chosen by the seed, so that a request
 * holds one resource (11 attributes) and one scope, as a client's does.
 *
 *   Spans     come in traces of 2 to 10: one HTTP server span, below it database client spans
 *             (45 %), HTTP client spans (25 %), internal spans (20 %) and message producers (10 %).
 *             Three of four server spans have a remote parent. 7 to 15 attributes by the HTTP,
 *             database and messaging semantic conventions. 3 % of the traces fail (status ERROR, an
 *             exception event with a stack trace of 4 to 9 frames), 5 % answer 4xx; 10 % of the
 *             other spans carry a plain event, every fifth producer a link.
 *   Logs      18 % DEBUG, 65 % INFO, 12 % WARN, 5 % ERROR; 10 message forms with ids, amounts and
 *             durations filled in (40 to 160 bytes), 3 to 6 attributes, 80 % within a span.
 *   Metrics   8 instruments (3 histograms of 14 bounds, 2 counters, 2 up-down counters, a gauge)
 *             in rotation, one stream for each route, status, pool, device, ...; cumulative.
 *
 * Cardinality: 12 routes a service, paths with numbers and UUIDs, 64-bit user hashes, 4096 client
 * addresses, 8 user agents, 14 statements, 40 hosts. Times rise from 2026-01-05T10:00:00Z with
 * random nanoseconds; durations spread over four powers of ten.
 *
 * The same seed and the same calls give the same bytes, ids included, whatever the compiler; only
 * integer arithmetic and exactly rounded operations are used. Successive calls continue the stream:
 * no payload is ever repeated.
 *
 * Measured, natural mix, zstd level 3, as bytes an item and times smaller:
 *
 *               100 items        500 items
 *   spans       461 B   4.4      465 B   5.6
 *   logs        217 B   3.5      218 B   3.9
 *   points      239 B   6.3      229 B   8.7
 *
 * One thread at a time uses a generator.
 */
#ifndef TELEMETRY_H
#define TELEMETRY_H

#include <stddef.h>
#include <stdint.h>

#include <otlp.h>

/* The natural mix of attributes. Any other number up to TELEMETRY_ATTRIBUTES_MAX means exactly so
 * many on every item: the natural ones first, then application attributes. */
#define TELEMETRY_NATURAL        (-1)
#define TELEMETRY_ATTRIBUTES_MAX 128

struct telemetry;

/* NULL: out of memory. */
struct telemetry *telemetry_new(uint64_t seed);

/* NULL is allowed. */
void telemetry_free(struct telemetry *telemetry);

/* Whose telemetry it is; both live as long as the generator. */
const struct otlp_resource *telemetry_resource(const struct telemetry *telemetry);
const struct otlp_scope *telemetry_scope(const struct telemetry *telemetry);

/*
 * Makes `count` ended spans; the caller frees each with otlp_span_free(). A trace that does not fit
 * into this call goes on in the next one. OTLP_EINVAL: attributes is out of range. OTLP_ENOMEM: no
 * span is handed out.
 */
int telemetry_spans(struct telemetry *telemetry, size_t count, int attributes,
                    struct otlp_span **spans);

/* Emits `count` records into a batch. OTLP_EINVAL, OTLP_ENOMEM. */
int telemetry_logs(struct telemetry *telemetry, size_t count, int attributes,
                   struct otlp_log_batch *batch);

/*
 * Makes metrics with `point_count` data points in all. *metrics belongs to the generator and is
 * valid until the next call of this function. OTLP_EINVAL, OTLP_ENOMEM.
 */
int telemetry_metrics(struct telemetry *telemetry, size_t point_count, int attributes,
                      const struct otlp_metric **metrics, size_t *metric_count);

/* Makes `count` items (spans, data points or log records) and appends them, encoded as one request,
 * to `out`. OTLP_EINVAL, OTLP_ENOMEM, OTLP_ENOSPC. */
int telemetry_request(struct telemetry *telemetry, enum otlp_signal signal, size_t count,
                      int attributes, struct otlp_buffer *out);

#endif
