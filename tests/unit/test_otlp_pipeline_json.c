/* From tracers and meters to lines of OTLP/JSON in a file: pipeline, encoder and exporter together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <otlp.h>

#include "scratch.h"

#define SECOND_NS UINT64_C(1000000000)

static struct otlp_exporter *exporter_to(const char *path)
{
    struct otlp_exporter *exporter = NULL;
    const struct otlp_file_options options = {.path = path};
    assert_int_equal(otlp_file_exporter_create(&options, &exporter), 0);
    return exporter;
}

/* The only line of the file, decoded; its text may go. */
static struct otlp_document *read_line(const char *path, enum otlp_signal signal)
{
    static char text[65536];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_in_range(len, 3, sizeof text - 1);
    assert_ptr_equal(memchr(text, '\n', len), text + len - 1);
    struct otlp_document *document = otlp_document_new();
    assert_non_null(document);
    assert_int_equal(otlp_json_decode(document, signal, text, len - 1, OTLP_DECODE_UTF8), 0);
    return document;
}

static void end_span(struct otlp_tracer *tracer, const char *name)
{
    struct otlp_span *span = otlp_tracer_start(tracer, name, NULL);
    assert_non_null(span);
    assert_int_equal(otlp_span_set_int(span, "answer", 42), 0);
    assert_int_equal(otlp_span_end(span, 0), 0);
}

/* Two scopes in one request of one resource. */
static void test_spans(void **state)
{
    const struct scratch *s = *state;
    char path[96];
    struct otlp_provider *provider = NULL;
    struct otlp_processor *processor = NULL;
    struct otlp_tracer *first = NULL;
    struct otlp_tracer *second = NULL;
    snprintf(path, sizeof path, "%s/traces.jsonl", s->path);
    struct otlp_exporter *exporter = exporter_to(path);
    assert_int_equal(otlp_provider_new(NULL, &provider), 0);
    assert_int_equal(otlp_batch_processor_new(OTLP_TRACES, exporter, NULL, &processor), 0);
    assert_int_equal(otlp_provider_add_processor(provider, processor), 0);
    const struct otlp_scope scopes[2] = {{.name = "orders"}, {.name = "stock"}};
    assert_int_equal(otlp_provider_tracer(provider, &scopes[0], &first), 0);
    assert_int_equal(otlp_provider_tracer(provider, &scopes[1], &second), 0);
    end_span(first, "a");
    end_span(second, "b");
    end_span(first, "c");
    assert_int_equal(otlp_provider_shutdown(provider, 10 * SECOND_NS), 0);
    otlp_provider_free(provider);
    assert_int_equal(otlp_exporter_shutdown(exporter, SECOND_NS), 0);
    otlp_exporter_free(exporter);
    struct otlp_document *document = read_line(path, OTLP_TRACES);
    size_t count = 0;
    const struct otlp_resource_group *groups = otlp_document_groups(document, &count);
    assert_int_equal(count, 1);
    assert_int_equal(groups[0].scope_count, 2);
    assert_int_equal(groups[0].scopes[0].item_count, 2);
    assert_int_equal(groups[0].scopes[1].item_count, 1);
    const struct otlp_span_view *spans = groups[0].scopes[0].items.spans;
    assert_memory_equal(spans[0].name.data, "a", 1);
    assert_memory_equal(spans[1].name.data, "c", 1);
    otlp_document_free(document);
}

static void test_metrics(void **state)
{
    const struct scratch *s = *state;
    char path[96];
    snprintf(path, sizeof path, "%s/metrics.jsonl", s->path);
    struct otlp_exporter *exporter = exporter_to(path);
    struct otlp_meter *meter = otlp_meter_new(OTLP_CUMULATIVE);
    struct otlp_instrument *counter = NULL;
    struct otlp_reader *reader = NULL;
    const struct otlp_instrument_spec spec = {.kind = OTLP_COUNTER, .name = "requests"};
    assert_non_null(meter);
    assert_int_equal(otlp_meter_instrument(meter, &spec, &counter), 0);
    assert_int_equal(otlp_counter_add(counter, 7, NULL, 0), 0);
    assert_int_equal(otlp_reader_new(meter, exporter, NULL, &reader), 0);
    assert_int_equal(otlp_reader_shutdown(reader, 10 * SECOND_NS), 0);
    otlp_reader_free(reader);
    otlp_meter_free(meter);
    assert_int_equal(otlp_exporter_shutdown(exporter, SECOND_NS), 0);
    otlp_exporter_free(exporter);
    struct otlp_document *document = read_line(path, OTLP_METRICS);
    assert_int_equal(otlp_document_items(document), 1);
    otlp_document_free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_spans, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_metrics, scratch_make, scratch_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
