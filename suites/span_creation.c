/*
 * Question: what does it cost an application to say what it does: to make an id, a span, an event,
 * a measurement or a log record, before anything is sent?
 *
 * Method: each iteration makes one item and gives its memory back, so that the figure holds for a
 * steady state in which blocks come from the thread's free list. Attributes are strings of the
 * lengths that semantic conventions have (keys 10 to 28 bytes, values 6 to 40), copied by the span,
 * as official SDKs do. Times are read from the real clock, twice a span. Keys and values are made
 * before the loop.
 *
 * What would make the numbers wrong: a span that the compiler sees through (its pointer is kept),
 * ids from a constant (they come from the per-thread generator), attributes that are dropped by a
 * limit or replace each other (the span is looked at before the loop), a first touch of fresh
 * memory in each iteration (warm-up has run), or a sampler that is not asked (both decisions are
 * checked).
 */
#include <assay.h>
#include <otlp.h>

#include <stdio.h>
#include <string.h>

ASSAY_SUITE("span_creation");

#define KEYS_MAX 100

struct texts {
    size_t count;
    char keys[KEYS_MAX][48];
    char values[KEYS_MAX][64];
    size_t key_len[KEYS_MAX];
    size_t value_len[KEYS_MAX];
};

static void texts_make(struct texts *texts, size_t count)
{
    static const char *const areas[] = {"http.request", "db.query", "net.peer", "app", "messaging"};
    static const char filler[] = "a-value-as-long-as-those-of-real-services";
    texts->count = count;
    for (size_t i = 0; i < count; i++) {
        snprintf(texts->keys[i], sizeof texts->keys[i], "%s.attribute_%zu", areas[i % 5], i);
        snprintf(texts->values[i], sizeof texts->values[i], "%.*s%zu", (int)(5 + i * 7 % 33),
                 filler, i);
        texts->key_len[i] = strlen(texts->keys[i]);
        texts->value_len[i] = strlen(texts->values[i]);
    }
}

static inline void set_all(struct otlp_span *span, const struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        otlp_span_set_string_n(span, texts->keys[i], texts->key_len[i], texts->values[i],
                               texts->value_len[i]);
    }
}

/* A span with all attributes, ended; NULL after the benchmark was failed. */
static struct otlp_span *make_checked_span(assay_bench *b, const struct texts *texts)
{
    struct otlp_span *span = otlp_span_start("GET /orders/{id}", NULL);
    if (span == NULL) {
        assay_fail(b, "no memory for a span");
        return NULL;
    }
    set_all(span, texts);
    otlp_span_end(span, 0);
    const struct otlp_span_data *data = otlp_span_get_data(span);
    bool whole = data->attribute_count == texts->count && data->dropped_attributes == 0 &&
                 otlp_span_context_is_valid(&data->context) &&
                 data->end_unix_ns >= data->start_unix_ns && data->start_unix_ns > 0;
    for (size_t i = 0; i < texts->count && whole; i++) {
        const struct otlp_value *value =
            otlp_attributes_find(data->attributes, data->attribute_count, texts->keys[i]);
        whole = value != NULL && value->type == OTLP_VALUE_STRING &&
                value->len == texts->value_len[i] &&
                memcmp(value->as.string, texts->values[i], value->len) == 0;
    }
    if (!whole) {
        assay_fail(b, "the span does not hold what was set");
        otlp_span_free(span);
        return NULL;
    }
    return span;
}

ASSAY_BENCH(trace_id_creation)
{
    struct otlp_trace_id one = otlp_trace_id_new();
    struct otlp_trace_id other = otlp_trace_id_new();
    if (!otlp_trace_id_is_valid(one) || otlp_trace_id_equal(one, other)) {
        assay_fail(b, "trace ids are not valid and distinct");
    }
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        assay_keep(otlp_trace_id_new());
    }
}

ASSAY_BENCH(span_id_creation)
{
    struct otlp_span_id one = otlp_span_id_new();
    struct otlp_span_id other = otlp_span_id_new();
    if (!otlp_span_id_is_valid(one) || otlp_span_id_equal(one, other)) {
        assay_fail(b, "span ids are not valid and distinct");
    }
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        assay_keep(otlp_span_id_new());
    }
}

ASSAY_BENCH(span_context_creation)
{
    struct otlp_span_context root = otlp_span_context_root(OTLP_FLAG_SAMPLED);
    struct otlp_span_context child = otlp_span_context_child(&root);
    if (!otlp_span_context_is_valid(&child) || !otlp_span_context_is_sampled(&child) ||
        !otlp_trace_id_equal(root.trace_id, child.trace_id) ||
        otlp_span_id_equal(root.span_id, child.span_id)) {
        assay_fail(b, "a child context does not continue its parent's trace");
    }
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        assay_keep(otlp_span_context_root(OTLP_FLAG_SAMPLED));
    }
}

ASSAY_BENCH(attributes, .name = "span_creation/attributes", .arg_name = "attributes",
            .args = {0, 5, 10, 50, 100})
{
    struct texts texts;
    texts_make(&texts, (size_t)assay_arg(b));
    struct otlp_span *checked = make_checked_span(b, &texts);
    if (checked != NULL) {
        assay_counter(b, "memory", (double)otlp_span_bytes(checked), "B/span");
    }
    otlp_span_free(checked);
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        struct otlp_span *span = otlp_span_start("GET /orders/{id}", NULL);
        set_all(span, &texts);
        otlp_span_end(span, 0);
        assay_touch(span);
        otlp_span_free(span);
    }
}

ASSAY_BENCH(events, .name = "span_creation/events", .arg_name = "events", .args = {1, 8})
{
    size_t count = (size_t)assay_arg(b);
    struct otlp_attribute attributes[2] = {otlp_attribute_string("message.type", "SENT"),
                                           otlp_attribute_int("message.id", 7)};
    size_t seen = 0;
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        struct otlp_span *span = otlp_span_start("orders process", NULL);
        for (size_t i = 0; i < count; i++) {
            otlp_span_add_event(span, "message", 0, attributes, 2);
        }
        otlp_span_end(span, 0);
        assay_touch(span);
        seen = otlp_span_get_data(span)->event_count;
        otlp_span_free(span);
    }
    if (seen != count) {
        assay_fail(b, "the span does not hold its events");
    }
}

ASSAY_BENCH(links, .name = "span_creation/links", .arg_name = "links", .args = {1, 8})
{
    size_t count = (size_t)assay_arg(b);
    struct otlp_span_context linked = otlp_span_context_root(OTLP_FLAG_SAMPLED);
    size_t seen = 0;
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        struct otlp_span *span = otlp_span_start("orders process", NULL);
        for (size_t i = 0; i < count; i++) {
            otlp_span_add_link(span, &linked, NULL, 0);
        }
        otlp_span_end(span, 0);
        assay_touch(span);
        seen = otlp_span_get_data(span)->link_count;
        otlp_span_free(span);
    }
    if (seen != count) {
        assay_fail(b, "the span does not hold its links");
    }
}

static bool clones_are_right(struct otlp_span *span, size_t attributes)
{
    struct otlp_span *deep = otlp_span_clone(span);
    struct otlp_span *shared = otlp_span_ref(span);
    bool right = deep != NULL && deep != span && shared == span &&
                 otlp_span_get_data(deep)->attribute_count == attributes &&
                 otlp_span_id_equal(otlp_span_get_context(deep)->span_id,
                                    otlp_span_get_context(span)->span_id);
    otlp_span_free(deep);
    otlp_span_free(shared);
    return right;
}

enum { CLONE_DEEP, CLONE_REFERENCE };

ASSAY_BENCH(span_clone, .arg_name = "how", .arg_names = {"deep", "reference"},
            .arg2_name = "attributes", .args2 = {0, 10, 100})
{
    struct texts texts;
    texts_make(&texts, (size_t)assay_arg2(b));
    struct otlp_span *span = make_checked_span(b, &texts);
    if (span != NULL && !clones_are_right(span, texts.count)) {
        assay_fail(b, "a clone is not equal to its original");
    }
    bool is_deep = assay_arg(b) == CLONE_DEEP;
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        struct otlp_span *clone = is_deep ? otlp_span_clone(span) : otlp_span_ref(span);
        assay_touch(clone);
        otlp_span_free(clone);
    }
    otlp_span_free(span);
}

ASSAY_BENCH(sampling, .name = "span_creation/sampling", .arg_name = "decision",
            .arg_names = {"not_sampled", "sampled"})
{
    bool wanted = assay_arg(b) == 1;
    struct texts texts;
    texts_make(&texts, 5);
    struct otlp_sampler sampler = otlp_sampler_ratio(wanted ? 1.0 : 0.0);
    struct otlp_span_options options = {.kind = OTLP_SPAN_KIND_SERVER, .sampler = &sampler};
    struct otlp_span *checked = otlp_span_start("GET /orders/{id}", &options);
    if (checked == NULL || otlp_span_is_recording(checked) != wanted) {
        assay_fail(b, "the sampler's decision is not the one that is measured");
    }
    otlp_span_free(checked);
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        struct otlp_span *span = otlp_span_start("GET /orders/{id}", &options);
        set_all(span, &texts);
        otlp_span_end(span, 0);
        assay_touch(span);
        otlp_span_free(span);
    }
}

struct meter_fixture {
    struct otlp_meter *meter;
    struct otlp_instrument *instrument;
    struct otlp_stream *stream;
    struct otlp_attribute attributes[4];
};

static bool meter_fixture_make(assay_bench *b, struct meter_fixture *f, enum otlp_metric_kind kind)
{
    struct otlp_instrument_spec spec = {.kind = kind, .name = "http.server.request.duration"};
    f->attributes[0] = otlp_attribute_string("http.request.method", "GET");
    f->attributes[1] = otlp_attribute_string("http.route", "/orders/{id}");
    f->attributes[2] = otlp_attribute_int("http.response.status_code", 200);
    f->attributes[3] = otlp_attribute_string("url.scheme", "https");
    f->meter = otlp_meter_new(OTLP_CUMULATIVE);
    if (f->meter == NULL || otlp_meter_instrument(f->meter, &spec, &f->instrument) != 0 ||
        otlp_instrument_bind(f->instrument, f->attributes, 4, &f->stream) != 0) {
        assay_fail(b, "the instrument could not be made");
        return false;
    }
    return true;
}

/* The only point of the meter, or NULL. */
static const struct otlp_point *only_point(struct otlp_meter *meter,
                                           struct otlp_metric_batch *batch)
{
    size_t count;
    if (batch == NULL || otlp_meter_collect(meter, 0, batch) != 0) {
        return NULL;
    }
    const struct otlp_metric *metrics = otlp_metric_batch_metrics(batch, &count);
    return count == 1 && metrics[0].point_count == 1 ? metrics[0].points : NULL;
}

enum { STREAM_BOUND, STREAM_LOOKED_UP };

ASSAY_BENCH(counter_add, .arg_name = "stream", .arg_names = {"bound", "looked_up"})
{
    struct meter_fixture f = {0};
    bool made = meter_fixture_make(b, &f, OTLP_COUNTER);
    bool is_bound = assay_arg(b) == STREAM_BOUND;
    int64_t added = 0;
    assay_elements(b, 1);
    if (is_bound) {
        ASSAY_LOOP(b) {
            otlp_stream_add(f.stream, 1);
            added++;
        }
    } else {
        ASSAY_LOOP(b) {
            otlp_counter_add(f.instrument, 1, f.attributes, 4);
            added++;
        }
    }
    struct otlp_metric_batch *batch = otlp_metric_batch_new();
    const struct otlp_point *point = made ? only_point(f.meter, batch) : NULL;
    if (point == NULL || point->value.integer != added) {
        assay_fail(b, "the counter does not hold what was added");
    }
    otlp_metric_batch_free(batch);
    otlp_meter_free(f.meter);
}

ASSAY_BENCH(histogram_record, .arg_name = "stream", .arg_names = {"bound", "looked_up"})
{
    struct meter_fixture f = {0};
    bool made = meter_fixture_make(b, &f, OTLP_HISTOGRAM);
    bool is_bound = assay_arg(b) == STREAM_BOUND;
    /* Durations that fall into all buckets, in an order that a branch predictor cannot learn soon.
     */
    double values[1024];
    uint32_t state = 12345;
    for (size_t i = 0; i < 1024; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (double)(state >> 16) * (state >> 28) / 100.0;
    }
    uint64_t recorded = 0;
    assay_elements(b, 1);
    if (is_bound) {
        ASSAY_LOOP(b) {
            otlp_stream_record(f.stream, values[recorded++ % 1024]);
        }
    } else {
        ASSAY_LOOP(b) {
            otlp_histogram_record(f.instrument, values[recorded++ % 1024], f.attributes, 4);
        }
    }
    struct otlp_metric_batch *batch = otlp_metric_batch_new();
    const struct otlp_point *point = made ? only_point(f.meter, batch) : NULL;
    if (point == NULL || point->value.histogram.count != recorded) {
        assay_fail(b, "the histogram does not hold what was recorded");
    }
    otlp_metric_batch_free(batch);
    otlp_meter_free(f.meter);
}

/* An exporter's usual batch; the batch is emptied when it is full, as after an export. */
#define LOG_BATCH 512

ASSAY_BENCH(log_emit, .arg_name = "attributes", .args = {0, 5, 10})
{
    struct texts texts;
    struct otlp_attribute attributes[KEYS_MAX];
    texts_make(&texts, (size_t)assay_arg(b));
    for (size_t i = 0; i < texts.count; i++) {
        attributes[i] = otlp_attribute_string(texts.keys[i], texts.values[i]);
    }
    struct otlp_span_context context = otlp_span_context_root(OTLP_FLAG_SAMPLED);
    struct otlp_log_record record = {
        .time_unix_ns = UINT64_C(1767607200000000000),
        .severity = OTLP_SEVERITY_INFO,
        .severity_text = "INFO",
        .body = otlp_value_string("order 4711 accepted for customer 0815, total 99.90 EUR"),
        .attributes = attributes,
        .attribute_count = (uint32_t)texts.count,
        .trace_id = context.trace_id,
        .span_id = context.span_id,
        .flags = context.flags,
    };
    struct otlp_log_batch *batch = otlp_log_batch_new(NULL);
    size_t count = 0;
    if (batch == NULL || otlp_log_emit(batch, &record) != 0 ||
        otlp_log_batch_records(batch, &count)[0].attribute_count != texts.count || count != 1) {
        assay_fail(b, "the batch does not hold the record");
    }
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        if (count == LOG_BATCH) {
            otlp_log_batch_reset(batch);
            count = 0;
        }
        otlp_log_emit(batch, &record);
        count++;
    }
    size_t held = 0;
    if (batch != NULL) {
        otlp_log_batch_records(batch, &held);
    }
    if (held != count) {
        assay_fail(b, "the batch lost records");
    }
    otlp_log_batch_free(batch);
}
