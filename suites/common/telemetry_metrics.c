#include "telemetry_internal.h"

#include <stdlib.h>
#include <string.h>

#define ROUND_NS 60000000000u /* one collection a minute */

static const double seconds_bounds[] = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                        0.5,   0.75, 1,     2.5,  5,     7.5, 10};
#define BOUND_COUNT COUNT_OF(seconds_bounds)

struct instrument {
    const char *name;
    const char *unit;
    const char *description;
    enum otlp_metric_kind kind;
    bool is_double;
    void (*describe)(struct telemetry *telemetry, struct draft *draft, size_t stream);
};

static void describe_http(struct telemetry *telemetry, struct draft *draft, size_t stream)
{
    static const int64_t statuses[] = {200, 201, 404, 500};
    static const char *const methods[] = {"GET", "POST"};
    draft_string(draft, "http.request.method", methods[stream % 2]);
    draft_string(draft, "http.route", telemetry__route(telemetry, stream / 2 % TELEMETRY_ROUTES));
    draft_int(draft, "http.response.status_code",
              statuses[stream / 2 / TELEMETRY_ROUTES % COUNT_OF(statuses)]);
    draft_string(draft, "url.scheme", "https");
    draft_int(draft, "server.port", 443 + (int64_t)(stream / 96));
}

static void describe_database(struct telemetry *telemetry, struct draft *draft, size_t stream)
{
    static const char *const operations[] = {"SELECT", "INSERT", "UPDATE", "DELETE"};
    static const char *const tables[] = {"orders",    "items",    "products", "stock",
                                         "customers", "sessions", "payments"};
    (void)telemetry;
    draft_string(draft, "db.system.name", "postgresql");
    draft_string(draft, "db.operation.name", operations[stream % COUNT_OF(operations)]);
    draft_string(draft, "db.collection.name", tables[stream / 4 % COUNT_OF(tables)]);
    draft_int(draft, "db.shard", (int64_t)(stream / 28));
}

static void describe_pool(struct telemetry *telemetry, struct draft *draft, size_t stream)
{
    (void)telemetry;
    draft_string(draft, "pool.name", draft_text(draft, "pg-pool-%zu", stream / 2));
    draft_string(draft, "pool.state", stream % 2 == 0 ? "idle" : "used");
}

static void describe_device(struct telemetry *telemetry, struct draft *draft, size_t stream)
{
    (void)telemetry;
    draft_string(draft, "network.interface.name", draft_text(draft, "eth%zu", stream / 2));
    draft_string(draft, "network.io.direction", stream % 2 == 0 ? "receive" : "transmit");
}

static void describe_cpu(struct telemetry *telemetry, struct draft *draft, size_t stream)
{
    static const char *const modes[] = {"user", "system", "iowait"};
    (void)telemetry;
    draft_int(draft, "cpu.logical_number", (int64_t)(stream / COUNT_OF(modes)));
    draft_string(draft, "cpu.mode", modes[stream % COUNT_OF(modes)]);
}

static const struct instrument instruments[] = {
    {"http.server.request.duration", "s", "Duration of HTTP server requests.", OTLP_HISTOGRAM, true,
     describe_http},
    {"http.server.active_requests", "{request}", "HTTP server requests in flight.",
     OTLP_UP_DOWN_COUNTER, false, describe_http},
    {"db.client.operation.duration", "s", "Duration of database client operations.", OTLP_HISTOGRAM,
     true, describe_database},
    {"db.client.connection.count", "{connection}", "Connections by state.", OTLP_UP_DOWN_COUNTER,
     false, describe_pool},
    {"http.client.request.duration", "s", "Duration of HTTP client requests.", OTLP_HISTOGRAM, true,
     describe_http},
    {"system.network.io", "By", "Bytes sent and received.", OTLP_COUNTER, false, describe_device},
    {"process.cpu.time", "s", "CPU seconds by mode.", OTLP_COUNTER, true, describe_cpu},
    {"system.cpu.utilization", "1", "Share of time that a CPU is busy.", OTLP_GAUGE, true,
     describe_cpu},
};

static void *allocate(struct telemetry *telemetry, size_t bytes)
{
    struct chunk *chunk = calloc(1, sizeof *chunk + bytes);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->next = telemetry->metric_memory;
    telemetry->metric_memory = chunk;
    return chunk + 1;
}

/* The draft's attributes with their text, in one piece of memory. */
static int keep_attributes(struct telemetry *telemetry, const struct draft *draft,
                           struct otlp_point *point)
{
    size_t text_bytes = 0;
    for (size_t i = 0; i < draft->count; i++) {
        const struct otlp_attribute *item = &draft->items[i];
        text_bytes += item->key_len + (item->value.type == OTLP_VALUE_STRING ? item->value.len : 0);
    }
    struct otlp_attribute *copies = allocate(telemetry, draft->count * sizeof *copies + text_bytes);
    if (copies == NULL) {
        return OTLP_ENOMEM;
    }
    char *text = (char *)(copies + draft->count);
    for (size_t i = 0; i < draft->count; i++) {
        copies[i] = draft->items[i];
        copies[i].key = memcpy(text, draft->items[i].key, draft->items[i].key_len);
        text += draft->items[i].key_len;
        if (copies[i].value.type == OTLP_VALUE_STRING) {
            copies[i].value.as.string =
                memcpy(text, draft->items[i].value.as.string, draft->items[i].value.len);
            text += draft->items[i].value.len;
        }
    }
    point->attributes = copies;
    point->attribute_count = (uint32_t)draft->count;
    return 0;
}

/* A skewed distribution with its peak at a random bucket. */
static int make_histogram(struct telemetry *telemetry, struct otlp_point *point)
{
    uint64_t *buckets = allocate(telemetry, (BOUND_COUNT + 1) * sizeof *buckets);
    if (buckets == NULL) {
        return OTLP_ENOMEM;
    }
    struct otlp_histogram_value *value = &point->value.histogram;
    size_t peak = 2 + (size_t)telemetry__below(telemetry, 6);
    uint64_t height = telemetry__spread(telemetry, 4, 14);
    for (size_t i = peak - 2; i < peak + 6 && i <= BOUND_COUNT; i++) {
        size_t away = i < peak ? 2 * (peak - i) : i - peak;
        buckets[i] = telemetry__below(telemetry, (height >> away) + 1);
        value->count += buckets[i];
        value->sum += (double)buckets[i] * seconds_bounds[i < BOUND_COUNT ? i : BOUND_COUNT - 1];
    }
    value->min = (double)telemetry__spread(telemetry, 8, 20) / 1048576.0 * 0.005;
    value->max = value->min + (double)telemetry__spread(telemetry, 12, 22) / 1048576.0;
    value->bounds = seconds_bounds;
    value->bound_count = BOUND_COUNT;
    value->bucket_counts = buckets;
    return 0;
}

static void make_number(struct telemetry *telemetry, const struct instrument *instrument,
                        struct otlp_point *point)
{
    if (instrument->kind == OTLP_GAUGE) {
        point->value.real = (double)telemetry__below(telemetry, 10000) / 16384.0;
    } else if (instrument->is_double) {
        point->value.real = (double)telemetry__spread(telemetry, 16, 30) / 1024.0;
    } else if (instrument->kind == OTLP_COUNTER) {
        point->value.integer = (int64_t)telemetry__spread(telemetry, 20, 40);
    } else {
        point->value.integer = (int64_t)telemetry__below(telemetry, 64);
    }
}

static int make_metric(struct telemetry *telemetry, const struct instrument *instrument,
                       size_t point_count, int attributes, struct otlp_metric *metric)
{
    struct draft *draft = &telemetry->draft;
    struct otlp_point *points = allocate(telemetry, point_count * sizeof *points);
    if (points == NULL) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; i < point_count; i++) {
        draft_clear(draft);
        instrument->describe(telemetry, draft, i);
        telemetry__fit(telemetry, draft, attributes);
        points[i].start_unix_ns = telemetry->now_unix_ns - telemetry->metric_round * ROUND_NS;
        points[i].time_unix_ns = telemetry->now_unix_ns;
        int rc = keep_attributes(telemetry, draft, &points[i]);
        if (rc == 0 && instrument->kind == OTLP_HISTOGRAM) {
            rc = make_histogram(telemetry, &points[i]);
        } else if (rc == 0) {
            make_number(telemetry, instrument, &points[i]);
        }
        if (rc != 0) {
            return rc;
        }
    }
    *metric = (struct otlp_metric){
        .name = instrument->name,
        .unit = instrument->unit,
        .description = instrument->description,
        .kind = instrument->kind,
        .temporality = OTLP_CUMULATIVE,
        .is_double = instrument->is_double,
        .points = points,
        .point_count = point_count,
    };
    return 0;
}

int telemetry_metrics(struct telemetry *telemetry, size_t point_count, int attributes,
                      const struct otlp_metric **metrics, size_t *metric_count)
{
    if (!telemetry__attributes_are_valid(attributes)) {
        return OTLP_EINVAL;
    }
    telemetry__release_metrics(telemetry);
    struct otlp_metric *made = allocate(telemetry, COUNT_OF(instruments) * sizeof *made);
    if (made == NULL) {
        return OTLP_ENOMEM;
    }
    telemetry->metric_round++;
    telemetry->now_unix_ns += ROUND_NS;
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(instruments); i++) {
        size_t share = point_count / COUNT_OF(instruments);
        share += i < point_count % COUNT_OF(instruments) ? 1 : 0;
        if (share == 0) {
            break;
        }
        int rc = make_metric(telemetry, &instruments[i], share, attributes, &made[count]);
        if (rc != 0) {
            return rc;
        }
        count++;
    }
    *metrics = made;
    *metric_count = count;
    return 0;
}
