/*
 * A program as its users write it: everything from the environment (OTEL_*), spans and log records
 * through batch processors, metrics through a reader. Prints the ids of each operation, then what
 * became of all items.
 *
 *   interop_record OPERATIONS
 */
#include <otlp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define START_NS  UINT64_C(1790000000000000000)
#define SECOND_NS UINT64_C(1000000000)

struct program {
    struct otlp_environment environment;
    struct otlp_exporter *exporters[OTLP_SIGNAL_COUNT];
    struct otlp_provider *provider;
    struct otlp_processor *spans;
    struct otlp_processor *logs;
    struct otlp_tracer *tracer;
    struct otlp_logger *logger;
    struct otlp_meter *meter;
    struct otlp_reader *reader;
    struct otlp_instrument *orders;
    struct otlp_instrument *durations;
    struct otlp_instrument *sizes;
};

static const struct otlp_scope scope = {.name = "shop", .version = "4.5"};

static void must(int error, const char *what)
{
    if (error != 0) {
        fprintf(stderr, "interop_record: %s: %s\n", what, otlp_error_name(error));
        exit(1);
    }
}

static void warn(const char *text, void *data)
{
    (void)data;
    fprintf(stderr, "interop_record: %s\n", text);
}

static void open_exporters(struct program *program)
{
    const struct otlp_env_hooks hooks = {.warn = warn};
    for (int signal = 0; signal < OTLP_SIGNAL_COUNT; signal++) {
        must(otlp_exporter_from_env((enum otlp_signal)signal, &hooks, &program->exporters[signal]),
             "an exporter");
    }
}

static void open_provider(struct program *program)
{
    must(otlp_environment_read(&program->environment), "the environment");
    struct otlp_provider_options options = otlp_environment_options(&program->environment);
    struct otlp_batch_options batches = {0};
    must(otlp_provider_new(&options, &program->provider), "a provider");
    must(-otlp_batch_options_from_environment(OTLP_TRACES, &batches), "OTEL_BSP_...");
    must(otlp_batch_processor_new(OTLP_TRACES, program->exporters[OTLP_TRACES], &batches,
                                  &program->spans),
         "a processor");
    must(otlp_batch_processor_new(OTLP_LOGS, program->exporters[OTLP_LOGS], NULL, &program->logs),
         "a processor");
    must(otlp_provider_add_processor(program->provider, program->spans), "a processor");
    must(otlp_provider_add_processor(program->provider, program->logs), "a processor");
    must(otlp_provider_tracer(program->provider, &scope, &program->tracer), "a tracer");
    must(otlp_provider_logger(program->provider, &scope, &program->logger), "a logger");
}

static void open_metrics(struct program *program)
{
    static const double bounds[] = {1, 2, 5};
    const struct otlp_instrument_spec orders = {
        .kind = OTLP_COUNTER, .name = "orders", .unit = "{order}"};
    const struct otlp_instrument_spec durations = {
        .kind = OTLP_HISTOGRAM, .name = "durations", .bounds = bounds, .bound_count = 3};
    const struct otlp_instrument_spec sizes = {
        .kind = OTLP_GAUGE, .name = "size", .is_double = true};
    const struct otlp_reader_options options = {
        .resource = otlp_provider_resource(program->provider), .scope = &scope};
    program->meter = otlp_meter_new(OTLP_CUMULATIVE);
    must(program->meter == NULL ? OTLP_ENOMEM : 0, "a meter");
    must(otlp_meter_instrument(program->meter, &orders, &program->orders), "an instrument");
    must(otlp_meter_instrument(program->meter, &durations, &program->durations), "an instrument");
    must(otlp_meter_instrument(program->meter, &sizes, &program->sizes), "an instrument");
    must(otlp_reader_new(program->meter, program->exporters[OTLP_METRICS], &options,
                         &program->reader),
         "a reader");
}

static void print_ids(int64_t number, const struct otlp_span *outer, const struct otlp_span *inner)
{
    char trace[OTLP_TRACE_ID_HEX];
    char outer_id[OTLP_SPAN_ID_HEX];
    char inner_id[OTLP_SPAN_ID_HEX];
    otlp_trace_id_to_hex(otlp_span_get_context(outer)->trace_id, trace);
    otlp_span_id_to_hex(otlp_span_get_context(outer)->span_id, outer_id);
    otlp_span_id_to_hex(otlp_span_get_context(inner)->span_id, inner_id);
    printf("{\"number\":%" PRId64 ",\"trace\":\"%.*s\",\"outer\":\"%.*s\",\"inner\":\"%.*s\"}\n",
           number, OTLP_TRACE_ID_HEX, trace, OTLP_SPAN_ID_HEX, outer_id, OTLP_SPAN_ID_HEX,
           inner_id);
}

/* A span with a child in it, and a record that belongs to the child. */
static void operate(struct program *program, int64_t number)
{
    uint64_t now_ns = START_NS + (uint64_t)number * 1000;
    const struct otlp_attribute numbered[] = {otlp_attribute_int("number", number)};
    struct otlp_span_options options = {.kind = OTLP_SPAN_KIND_SERVER, .start_unix_ns = now_ns};
    struct otlp_active outer_active;
    struct otlp_active inner_active;
    struct otlp_span *outer = otlp_tracer_start(program->tracer, "GET /orders", &options);
    must(outer == NULL ? OTLP_ENOMEM : 0, "a span");
    must(otlp_span_set_attribute(outer, numbered), "an attribute");
    otlp_attach(&outer_active, outer);

    options.kind = OTLP_SPAN_KIND_CLIENT;
    options.start_unix_ns = now_ns + 1;
    struct otlp_span *inner = otlp_tracer_start(program->tracer, "SELECT", &options);
    must(inner == NULL ? OTLP_ENOMEM : 0, "a span");
    must(otlp_span_add_event(inner, "rows", now_ns + 2, numbered, 1), "an event");
    otlp_attach(&inner_active, inner);
    const struct otlp_log_record record = {.time_unix_ns = now_ns + 3,
                                           .observed_unix_ns = now_ns + 4,
                                           .severity = OTLP_SEVERITY_INFO,
                                           .body = otlp_value_string("found"),
                                           .attributes = numbered,
                                           .attribute_count = 1};
    must(otlp_logger_emit(program->logger, &record), "a record");
    print_ids(number, outer, inner);
    otlp_detach(&inner_active);
    otlp_span_end(inner, now_ns + 5);
    otlp_detach(&outer_active);
    otlp_span_end(outer, now_ns + 6);

    const struct otlp_attribute parity[] = {otlp_attribute_bool("odd", number % 2 != 0)};
    must(otlp_counter_add(program->orders, number, parity, 1), "a counter");
    must(otlp_histogram_record(program->durations, (double)(number % 7), NULL, 0), "a histogram");
    must(otlp_gauge_set_double(program->sizes, (double)number / 4, NULL, 0), "a gauge");
}

static void print_counts(const char *name, uint64_t ended, uint64_t delivered, uint64_t requests)
{
    printf("{\"signal\":\"%s\",\"ended\":%" PRIu64 ",\"delivered\":%" PRIu64
           ",\"requests\":%" PRIu64 "}\n",
           name, ended, delivered, requests);
}

static void close_all(struct program *program)
{
    struct otlp_processor_counts counts;
    struct otlp_reader_counts points;
    must(otlp_provider_shutdown(program->provider, 20 * SECOND_NS), "the provider's shutdown");
    must(otlp_reader_shutdown(program->reader, 20 * SECOND_NS), "the reader's shutdown");
    otlp_processor_counts(program->spans, &counts);
    print_counts("traces", counts.ended, counts.delivered, counts.requests);
    otlp_processor_counts(program->logs, &counts);
    print_counts("logs", counts.ended, counts.delivered, counts.requests);
    otlp_reader_counts(program->reader, &points);
    print_counts("metrics", points.collected, points.delivered, points.requests);
    otlp_reader_free(program->reader);
    otlp_meter_free(program->meter);
    otlp_provider_free(program->provider);
    for (int signal = 0; signal < OTLP_SIGNAL_COUNT; signal++) {
        otlp_exporter_free(program->exporters[signal]);
    }
    otlp_environment_release(&program->environment);
}

int main(int argc, char **argv)
{
    static struct program program;
    long operations = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    if (operations <= 0) {
        fprintf(stderr, "usage: interop_record OPERATIONS\n");
        return 2;
    }
    open_exporters(&program);
    open_provider(&program);
    open_metrics(&program);
    for (long i = 0; i < operations; i++) {
        operate(&program, i);
    }
    close_all(&program);
    return 0;
}
