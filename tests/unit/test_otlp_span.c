#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include <otlp/propagate.h>
#include <otlp/span.h>

static uint64_t now_unix_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static const struct otlp_value *attribute(const struct otlp_span *span, const char *key)
{
    const struct otlp_span_data *data = otlp_span_get_data(span);
    return otlp_attributes_find(data->attributes, data->attribute_count, key);
}

static void assert_text(const struct otlp_value *value, const char *expected)
{
    assert_non_null(value);
    assert_int_equal(value->type, OTLP_VALUE_STRING);
    assert_int_equal(value->len, strlen(expected));
    assert_string_equal(value->as.string, expected); /* ends in NUL */
}

static void test_defaults(void **state)
{
    (void)state;
    uint64_t before = now_unix_ns();
    struct otlp_span *span = otlp_span_start("GET /", NULL);
    assert_non_null(span);
    const struct otlp_span_data *data = otlp_span_get_data(span);
    assert_true(otlp_span_is_recording(span));
    assert_false(otlp_span_is_exportable(span));
    assert_true(otlp_span_context_is_valid(&data->context));
    assert_int_equal(data->context.flags, OTLP_FLAG_SAMPLED | OTLP_FLAG_RANDOM);
    assert_false(otlp_span_id_is_valid(data->parent_span_id));
    assert_string_equal(data->name, "GET /");
    assert_int_equal(data->name_len, 5);
    assert_int_equal(data->kind, OTLP_SPAN_KIND_INTERNAL);
    assert_int_equal(data->status_code, OTLP_STATUS_UNSET);
    assert_int_equal(data->end_unix_ns, 0);
    assert_int_equal(otlp_span_end(span, 0), 0);
    assert_true(data->start_unix_ns >= before);
    assert_true(data->end_unix_ns >= data->start_unix_ns);
    assert_true(data->end_unix_ns <= now_unix_ns());
    assert_false(otlp_span_is_recording(span));
    assert_true(otlp_span_is_exportable(span));
    otlp_span_free(span);
    otlp_span_free(NULL);
}

static void test_options(void **state)
{
    (void)state;
    struct otlp_id_generator a;
    struct otlp_id_generator b;
    otlp_id_generator_seed(&a, 3);
    otlp_id_generator_seed(&b, 3);
    struct otlp_span_options options = {
        .kind = OTLP_SPAN_KIND_SERVER, .ids = &a, .start_unix_ns = 1000};
    struct otlp_span *span = otlp_span_start_n("name and more", 4, &options);
    const struct otlp_span_data *data = otlp_span_get_data(span);
    assert_true(otlp_trace_id_equal(data->context.trace_id, otlp_id_generator_trace_id(&b)));
    assert_true(otlp_span_id_equal(data->context.span_id, otlp_id_generator_span_id(&b)));
    assert_int_equal(data->kind, OTLP_SPAN_KIND_SERVER);
    assert_int_equal(data->start_unix_ns, 1000);
    assert_string_equal(data->name, "name");
    assert_int_equal(otlp_span_end(span, 2500), 0);
    assert_int_equal(data->end_unix_ns, 2500);
    otlp_span_free(span);
}

static void test_child(void **state)
{
    (void)state;
    struct otlp_span_context parent = otlp_span_context_root(OTLP_FLAG_SAMPLED);
    parent.is_remote = true;
    parent.flags = OTLP_FLAG_SAMPLED; /* a level 1 caller: no random flag */
    struct otlp_span_options options = {.parent = &parent};
    struct otlp_span *span = otlp_span_start("child", &options);
    const struct otlp_span_data *data = otlp_span_get_data(span);
    assert_true(otlp_trace_id_equal(data->context.trace_id, parent.trace_id));
    assert_false(otlp_span_id_equal(data->context.span_id, parent.span_id));
    assert_true(otlp_span_id_equal(data->parent_span_id, parent.span_id));
    assert_true(data->parent_is_remote);
    assert_false(data->context.is_remote);
    assert_int_equal(data->context.flags, OTLP_FLAG_SAMPLED);
    otlp_span_free(span);
}

static void test_not_sampled(void **state)
{
    (void)state;
    struct otlp_sampler off = otlp_sampler_always_off();
    struct otlp_span_options options = {.sampler = &off};
    struct otlp_span *span = otlp_span_start("quiet", &options);
    struct otlp_span_context other = otlp_span_context_root(0);
    assert_false(otlp_span_is_recording(span));
    assert_true(otlp_span_context_is_valid(otlp_span_get_context(span)));
    assert_int_equal(otlp_span_get_context(span)->flags, OTLP_FLAG_RANDOM);
    assert_int_equal(otlp_span_set_string(span, "k", "v"), 0);
    assert_int_equal(otlp_span_set_int(span, "i", 1), 0);
    assert_int_equal(otlp_span_add_event(span, "e", 0, NULL, 0), 0);
    assert_int_equal(otlp_span_add_link(span, &other, NULL, 0), 0);
    assert_int_equal(otlp_span_set_status(span, OTLP_STATUS_ERROR, "m"), 0);
    assert_int_equal(otlp_span_set_name(span, "n"), 0);
    assert_int_equal(otlp_span_end(span, 0), 0);
    assert_false(otlp_span_is_exportable(span));
    const struct otlp_span_data *data = otlp_span_get_data(span);
    assert_int_equal(data->attribute_count + data->event_count + data->link_count, 0);
    assert_int_equal(data->status_code, OTLP_STATUS_UNSET);
    assert_int_equal(data->end_unix_ns, 0);

    /* The decision is passed on: a child of it is not recorded either. */
    struct otlp_span_options child_options = {.parent = otlp_span_get_context(span)};
    struct otlp_span *child = otlp_span_start("child", &child_options);
    assert_false(otlp_span_is_recording(child));
    otlp_span_free(child);
    otlp_span_free(span);
}

static void test_an_ended_span_never_changes(void **state)
{
    (void)state;
    struct otlp_span *span = otlp_span_start("before", NULL);
    struct otlp_span_context other = otlp_span_context_root(0);
    const struct otlp_attribute attribute = otlp_attribute_int("a", 1);
    assert_int_equal(otlp_span_set_name(span, "renamed"), 0);
    assert_int_equal(otlp_span_end(span, 77), 0);
    assert_int_equal(otlp_span_end(span, 99), OTLP_EENDED);
    assert_int_equal(otlp_span_set_string(span, "k", "v"), OTLP_EENDED);
    assert_int_equal(otlp_span_set_attribute(span, &attribute), OTLP_EENDED);
    assert_int_equal(otlp_span_set_attribute_ref(span, &attribute), OTLP_EENDED);
    assert_int_equal(otlp_span_add_event(span, "e", 0, NULL, 0), OTLP_EENDED);
    assert_int_equal(otlp_span_add_link(span, &other, NULL, 0), OTLP_EENDED);
    assert_int_equal(otlp_span_set_status(span, OTLP_STATUS_OK, NULL), OTLP_EENDED);
    assert_int_equal(otlp_span_set_name(span, "after"), OTLP_EENDED);
    const struct otlp_span_data *data = otlp_span_get_data(span);
    assert_string_equal(data->name, "renamed");
    assert_int_equal(data->end_unix_ns, 77);
    assert_int_equal(data->attribute_count + data->event_count + data->link_count, 0);
    assert_int_equal(data->dropped_attributes, 0);
    otlp_span_free(span);
}

static void test_memory(void **state)
{
    (void)state;
    struct otlp_span *span = otlp_span_start("GET /api/v1/orders/{id}", NULL);
    assert_int_equal(otlp_span_bytes(span), 256);
    static char text[100001];
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(otlp_span_set_string(span, "large", text), 0);
    assert_true(otlp_span_bytes(span) > 100000);
    assert_int_equal(otlp_span_set_string(span, "small", "s"), 0);
    assert_text(attribute(span, "large"), text);
    assert_text(attribute(span, "small"), "s");
    assert_true(otlp_span_bytes(span) < 150000);
    otlp_span_free(span);
}

static struct otlp_span *rich_span(char *text)
{
    const struct otlp_attribute attributes[] = {otlp_attribute_string("inner", text),
                                                otlp_attribute_int("n", 5)};
    const struct otlp_attribute map = otlp_attribute("map", otlp_value_kvlist(attributes, 2));
    const struct otlp_attribute by_reference = otlp_attribute_string("ref", text);
    struct otlp_span_context other = otlp_span_context_root(0);
    struct otlp_span *span = otlp_span_start("rich", NULL);
    assert_int_equal(otlp_span_set_attribute(span, &map), 0);
    assert_int_equal(otlp_span_set_attribute_ref(span, &by_reference), 0);
    for (int i = 0; i < 20; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "key%d", i);
        assert_int_equal(otlp_span_set_int(span, key, i), 0);
    }
    assert_int_equal(otlp_span_add_event(span, "event", 9, attributes, 2), 0);
    assert_int_equal(otlp_span_add_link(span, &other, attributes, 2), 0);
    assert_int_equal(otlp_span_set_status(span, OTLP_STATUS_ERROR, "message"), 0);
    return span;
}

static void test_deep_clone_is_independent(void **state)
{
    (void)state;
    char text[] = "text";
    struct otlp_span *span = rich_span(text);
    assert_int_equal(otlp_span_end(span, 0), 0);
    struct otlp_span_data original = *otlp_span_get_data(span);
    struct otlp_span *clone = otlp_span_clone(span);
    const struct otlp_span_data *data = otlp_span_get_data(clone);
    otlp_span_free(span);
    memcpy(text, "XXXX", 4); /* what was set by reference is the clone's own now */
    assert_true(otlp_trace_id_equal(data->context.trace_id, original.context.trace_id));
    assert_true(otlp_span_id_equal(data->context.span_id, original.context.span_id));
    assert_int_equal(data->start_unix_ns, original.start_unix_ns);
    assert_int_equal(data->end_unix_ns, original.end_unix_ns);
    assert_true(otlp_span_is_exportable(clone));
    assert_string_equal(data->name, "rich");
    assert_string_equal(data->status_message, "message");
    assert_int_equal(data->attribute_count, 22);
    assert_text(attribute(clone, "ref"), "text");
    assert_text(&attribute(clone, "map")->as.kvlist[0].value, "text");
    assert_int_equal(attribute(clone, "key19")->as.integer, 19);
    assert_int_equal(data->event_count, 1);
    assert_string_equal(data->events[0].name, "event");
    assert_text(&data->events[0].attributes[0].value, "text");
    assert_int_equal(data->link_count, 1);
    assert_text(&data->links[0].attributes[0].value, "text");
    otlp_span_free(clone);
}

/* The clone of a span that is still recording goes on by itself, replacement included. */
static void test_clone_of_a_recording_span(void **state)
{
    (void)state;
    char text[] = "text";
    struct otlp_span *span = rich_span(text);
    struct otlp_span *clone = otlp_span_clone(span);
    assert_true(otlp_span_is_recording(clone));
    assert_int_equal(otlp_span_set_int(clone, "key7", 700), 0);
    assert_int_equal(otlp_span_set_int(clone, "new", 1), 0);
    assert_int_equal(otlp_span_add_event(clone, "second", 0, NULL, 0), 0);
    assert_int_equal(otlp_span_set_int(span, "key8", 800), 0);
    assert_int_equal(otlp_span_get_data(clone)->attribute_count, 23);
    assert_int_equal(otlp_span_get_data(span)->attribute_count, 22);
    assert_int_equal(attribute(span, "key7")->as.integer, 7);
    assert_int_equal(attribute(clone, "key7")->as.integer, 700);
    assert_int_equal(attribute(clone, "key8")->as.integer, 8);
    assert_int_equal(otlp_span_get_data(span)->event_count, 1);
    assert_int_equal(otlp_span_get_data(clone)->event_count, 2);
    otlp_span_free(span);
    otlp_span_free(clone);
}

static void test_references(void **state)
{
    (void)state;
    struct otlp_span *span = otlp_span_start("shared", NULL);
    assert_null(otlp_span_ref(span)); /* may still change */
    assert_int_equal(otlp_span_end(span, 0), 0);
    assert_ptr_equal(otlp_span_ref(span), span);
    otlp_span_free(span);
    assert_string_equal(otlp_span_get_data(span)->name, "shared");
    otlp_span_free(span);
}

static void *read_and_free(void *arg)
{
    struct otlp_span *const *spans = arg;
    size_t wrong = 0;
    for (int i = 0; i < 2000; i++) {
        wrong += strcmp(otlp_span_get_data(spans[i])->name, "shared") != 0;
        otlp_span_free(spans[i]);
    }
    return wrong == 0 ? NULL : arg;
}

/* Spans made here are read and freed by four threads at once, each with its own reference. */
static void test_references_across_threads(void **state)
{
    (void)state;
    static struct otlp_span *spans[2000];
    pthread_t threads[4];
    for (int i = 0; i < 2000; i++) {
        spans[i] = otlp_span_start("shared", NULL);
        assert_int_equal(otlp_span_set_string(spans[i], "k", "v"), 0);
        assert_int_equal(otlp_span_end(spans[i], 0), 0);
        for (int j = 0; j < 3; j++) {
            assert_non_null(otlp_span_ref(spans[i]));
        }
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_and_free, spans), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *failure = NULL;
        assert_int_equal(pthread_join(threads[i], &failure), 0);
        assert_null(failure);
    }
}

/* A span outlives the caller's reference to the tracestate that it inherited. */
static void test_tracestate_is_kept(void **state)
{
    (void)state;
    const struct otlp_tracestate *tracestate = NULL;
    assert_int_equal(otlp_tracestate_parse("vendor=1", 8, &tracestate), 0);
    struct otlp_span_context parent = otlp_span_context_root(OTLP_FLAG_SAMPLED);
    parent.tracestate = tracestate;
    struct otlp_span_options options = {.parent = &parent};
    struct otlp_span *span = otlp_span_start("child", &options);
    assert_int_equal(otlp_span_add_link(span, &parent, NULL, 0), 0);
    struct otlp_span *clone = otlp_span_clone(span);
    otlp_tracestate_unref(tracestate);
    otlp_span_free(span);
    struct otlp_header_value text = otlp_tracestate_text(otlp_span_get_context(clone)->tracestate);
    assert_int_equal(text.len, 8);
    assert_memory_equal(text.text, "vendor=1", 8);
    text = otlp_tracestate_text(otlp_span_get_data(clone)->links[0].context.tracestate);
    assert_int_equal(text.len, 8);
    otlp_span_free(clone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_child),
        cmocka_unit_test(test_not_sampled),
        cmocka_unit_test(test_an_ended_span_never_changes),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_deep_clone_is_independent),
        cmocka_unit_test(test_clone_of_a_recording_span),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_references_across_threads),
        cmocka_unit_test(test_tracestate_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
