#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/forked.h"
#include "tests/unit/pipeline_play.h"

#define LONG_NS (3600 * PLAY_SECOND_NS)

/* Sanitizers take locks of their own that a child of a process with threads may find taken, and
 * ThreadSanitizer refuses to start threads there. */
#if defined(__SANITIZE_THREAD__)
#define IS_SANITIZED_FOR_THREADS true
#else
#define IS_SANITIZED_FOR_THREADS false
#endif
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#else
#define IS_SANITIZED IS_SANITIZED_FOR_THREADS
#endif

static const struct otlp_batch_options patient = {.delay_ns = LONG_NS};

static struct pipeline simple_pipeline(enum otlp_signal signal,
                                       const struct otlp_provider_options *options)
{
    struct pipeline pipeline = {.play = play_new()};
    struct otlp_processor *processor = NULL;
    assert_int_equal(otlp_simple_processor_new(signal, &pipeline.play->base, 0, &processor), 0);
    pipeline_add(&pipeline, processor, options);
    return pipeline;
}

static void test_simple_processor(void **state)
{
    (void)state;
    struct pipeline p = simple_pipeline(OTLP_TRACES, NULL);
    pipeline_end_spans(&p, 0, 3);
    assert_int_equal(p.play->requests, 3); /* each before its end returned */
    assert_string_equal(p.play->names[2], "2");
    p.play->outcome = OTLP_EXPORT_REFUSED;
    pipeline_end_spans(&p, 3, 1);
    p.play->outcome = OTLP_EXPORT_DELIVERED;
    p.play->rejected = 1;
    pipeline_end_spans(&p, 4, 1);
    struct otlp_processor_counts counts = counts_of(p.processor);
    assert_int_equal(counts.dropped[OTLP_DROPPED_REFUSED], 1);
    assert_int_equal(counts.rejected, 1);
    assert_accounted(p.processor, 5);
    assert_int_equal(otlp_provider_force_flush(p.provider, PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->flushes, 1);
    assert_int_equal(otlp_provider_shutdown(p.provider, PLAY_SECOND_NS), 0);
    pipeline_end_spans(&p, 5, 1);
    assert_int_equal(counts_of(p.processor).dropped[OTLP_DROPPED_SHUT_DOWN], 1);
    assert_int_equal(otlp_provider_shutdown(p.provider, PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->shutdowns, 1);
    assert_accounted(p.processor, 6);
    otlp_processor_set_batch_size(p.processor, 7); /* no effect */
    pipeline_free(&p);
}

static void *end_one(void *arg)
{
    pipeline_end_spans(arg, 0, 1);
    return NULL;
}

static void test_simple_processor_serialises_and_keeps_time_outs(void **state)
{
    (void)state;
    struct pipeline p = simple_pipeline(OTLP_TRACES, NULL);
    pthread_t threads[3];
    p.play->is_stalled = true;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, end_one, &p), 0);
    }
    play_wait_inside(p.play, 1);
    assert_int_equal(otlp_processor_force_flush(p.processor, PLAY_SECOND_NS / 50), OTLP_ETIMEOUT);
    assert_int_equal(otlp_processor_shutdown(p.processor, PLAY_SECOND_NS / 10), OTLP_ETIMEOUT);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(p.play->inside_max, 1);
    assert_accounted(p.processor, 3);
    assert_int_equal(counts_of(p.processor).dropped[OTLP_DROPPED_SHUT_DOWN], 3);
    pipeline_free(&p);
}

static void test_scopes_travel_apart(void **state)
{
    (void)state;
    struct pipeline p = pipeline_new(OTLP_TRACES, &patient);
    const struct otlp_attribute attribute = otlp_attribute_string("k", "v");
    char name[] = "other";
    const struct otlp_scope scope = {.name = name,
                                     .version = "2",
                                     .schema_url = "https://x",
                                     .attributes = &attribute,
                                     .attribute_count = 1};
    struct otlp_tracer *other = NULL;
    struct otlp_tracer *nameless = NULL;
    assert_int_equal(otlp_provider_tracer(p.provider, &scope, &other), 0);
    assert_int_equal(otlp_provider_tracer(p.provider, NULL, &nameless), 0);
    name[0] = '#'; /* it was copied */
    struct otlp_tracer *tracers[] = {p.tracer, other, nameless};
    for (int i = 0; i < 9; i++) {
        char span_name[24];
        snprintf(span_name, sizeof span_name, "%d", i);
        otlp_span_end(otlp_tracer_start(tracers[i % 3], span_name, NULL), 0);
    }
    assert_int_equal(otlp_provider_force_flush(p.provider, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->requests, 1);
    assert_int_equal(p.play->scopes, 3);
    assert_string_equal(p.play->names[1], "3");
    assert_string_equal(p.play->names[3], "1");
    assert_string_equal(p.play->scope_of[0], "scope");
    assert_string_equal(p.play->scope_of[3], "other");
    assert_string_equal(p.play->scope_of[6], "");
    assert_string_equal(p.play->names[8], "8");
    pipeline_free(&p);
}

static void test_sampler_and_limits_are_the_providers(void **state)
{
    (void)state;
    struct otlp_sampler off = otlp_sampler_always_off();
    struct otlp_limits limits = OTLP_LIMITS_DEFAULT;
    limits.attribute_count = 1;
    struct otlp_provider_options options = {.sampler = &off, .limits = &limits};
    struct pipeline p = simple_pipeline(OTLP_TRACES, &options);
    struct otlp_span *span = otlp_tracer_start(p.tracer, "dropped", NULL);
    assert_false(otlp_span_is_recording(span));
    assert_true(otlp_span_context_is_valid(otlp_span_get_context(span)));
    assert_false(otlp_span_context_is_sampled(otlp_span_get_context(span)));
    otlp_span_end(span, 0);
    assert_int_equal(counts_of(p.processor).ended, 0);
    struct otlp_sampler on = otlp_sampler_always_on();
    struct otlp_span_options own = {.sampler = &on};
    span = otlp_tracer_start(p.tracer, "kept", &own);
    assert_int_equal(otlp_span_set_int(span, "a", 1), 0);
    assert_int_equal(otlp_span_set_int(span, "b", 1), OTLP_ELIMIT);
    otlp_span_end(span, 0);
    assert_int_equal(p.play->items, 1);
    span = otlp_tracer_start(p.tracer, "thrown away", &own);
    otlp_span_free(span);
    assert_accounted(p.processor, 1);
    pipeline_free(&p);
}

static void test_probability_sampler_leaves_its_threshold(void **state)
{
    (void)state;
    struct otlp_sampler all = otlp_sampler_probability(1);
    struct otlp_sampler follow = otlp_sampler_parent_based(&all);
    struct otlp_provider_options options = {.sampler = &follow};
    struct pipeline p = simple_pipeline(OTLP_TRACES, &options);
    struct otlp_span *root = otlp_tracer_start(p.tracer, "root", NULL);
    struct otlp_active active;
    otlp_attach(&active, root);
    struct otlp_span *child = otlp_tracer_start(p.tracer, "child", NULL);
    struct otlp_header_value text = otlp_tracestate_text(otlp_span_get_context(child)->tracestate);
    assert_int_equal(text.len, 7);
    assert_memory_equal(text.text, "ot=th:0", 7);
    otlp_span_end(child, 0);
    otlp_detach(&active);
    otlp_span_end(root, 0);
    pipeline_free(&p);
}

static void test_two_processors_get_every_span(void **state)
{
    (void)state;
    struct play_exporter *plays[] = {play_new(), play_new()};
    struct otlp_provider *provider = NULL;
    assert_int_equal(otlp_provider_new(NULL, &provider), 0);
    for (size_t i = 0; i < 2; i++) {
        struct otlp_processor *processor = NULL;
        assert_int_equal(
            otlp_batch_processor_new(OTLP_TRACES, &plays[i]->base, &patient, &processor), 0);
        assert_int_equal(otlp_provider_add_processor(provider, processor), 0);
    }
    struct otlp_tracer *tracer = NULL;
    assert_int_equal(otlp_provider_tracer(provider, NULL, &tracer), 0);
    struct otlp_processor *late = NULL;
    assert_int_equal(otlp_simple_processor_new(OTLP_TRACES, &plays[0]->base, 0, &late), 0);
    assert_int_equal(otlp_provider_add_processor(provider, late), OTLP_EINVAL);
    otlp_span_end(otlp_tracer_start(tracer, "both", NULL), 0);
    assert_int_equal(otlp_provider_force_flush(provider, 10 * PLAY_SECOND_NS), 0);
    assert_string_equal(plays[0]->names[0], "both");
    assert_string_equal(plays[1]->names[0], "both");
    otlp_provider_free(provider);
    otlp_processor_free(late);
    play_free(&plays[0]->base);
    play_free(&plays[1]->base);
}

static void test_without_a_processor(void **state)
{
    (void)state;
    struct otlp_provider *provider = NULL;
    struct otlp_tracer *tracer = NULL;
    struct otlp_logger *logger = NULL;
    assert_int_equal(otlp_provider_new(NULL, &provider), 0);
    assert_int_equal(otlp_provider_tracer(provider, NULL, &tracer), 0);
    assert_int_equal(otlp_provider_logger(provider, NULL, &logger), 0);
    const struct otlp_log_record record = {.severity = OTLP_SEVERITY_INFO};
    assert_int_equal(otlp_span_end(otlp_tracer_start(tracer, "x", NULL), 0), 0);
    assert_int_equal(otlp_logger_emit(logger, &record), 0);
    assert_non_null(otlp_attributes_find(otlp_provider_resource(provider)->attributes,
                                         otlp_provider_resource(provider)->attribute_count,
                                         "service.name"));
    otlp_provider_free(provider);
    otlp_provider_free(NULL);
}

static void test_logs_know_the_current_span(void **state)
{
    (void)state;
    struct pipeline p = pipeline_new(OTLP_LOGS, &patient);
    struct otlp_span *span = otlp_tracer_start(p.tracer, "x", NULL); /* no processor of spans */
    struct otlp_span_context context = *otlp_span_get_context(span);
    struct otlp_active active;
    char body[] = "inside";
    struct otlp_log_record record = {.body = otlp_value_string(body), .observed_unix_ns = 1};
    otlp_attach(&active, span);
    assert_int_equal(otlp_logger_emit(p.logger, &record), 0);
    body[0] = '#';
    otlp_detach(&active);
    record.body = otlp_value_string("outside");
    assert_int_equal(otlp_logger_emit(p.logger, &record), 0);
    record.severity = 25;
    assert_int_equal(otlp_logger_emit(p.logger, &record), OTLP_EINVAL);
    otlp_span_end(span, 0);
    assert_false(otlp_trace_id_is_valid(record.trace_id)); /* the caller's own is unchanged */
    assert_int_equal(otlp_provider_force_flush(p.provider, 10 * PLAY_SECOND_NS), 0);
    assert_string_equal(p.play->names[0], "inside");
    assert_string_equal(p.play->names[1], "outside");
    assert_string_equal(p.play->scope_of[0], "scope");
    assert_true(otlp_span_context_is_valid(&context));
    assert_accounted(p.processor, 2);
    pipeline_free(&p);
}

/* ---- the current context ---- */

static void test_children_of_the_current_span(void **state)
{
    (void)state;
    struct pipeline p = pipeline_new(OTLP_TRACES, &patient);
    assert_null(otlp_current_span());
    assert_false(otlp_span_context_is_valid(otlp_current_context()));
    struct otlp_span *outer = otlp_tracer_start(p.tracer, "outer", NULL);
    struct otlp_active outer_active;
    otlp_attach(&outer_active, outer);
    assert_ptr_equal(otlp_current_span(), outer);
    struct otlp_span *child = otlp_tracer_start(p.tracer, "child", NULL);
    const struct otlp_span_data *data = otlp_span_get_data(child);
    assert_true(otlp_span_id_equal(data->parent_span_id, otlp_span_get_context(outer)->span_id));
    assert_true(
        otlp_trace_id_equal(data->context.trace_id, otlp_span_get_context(outer)->trace_id));
    const struct otlp_span_context invalid = {0};
    struct otlp_span_options root = {.parent = &invalid};
    struct otlp_span *other = otlp_tracer_start(p.tracer, "root", &root);
    assert_false(otlp_span_id_is_valid(otlp_span_get_data(other)->parent_span_id));
    struct otlp_active inner_active;
    otlp_attach(&inner_active, child);
    assert_ptr_equal(otlp_current_span(), child);
    assert_int_equal(otlp_detach(&inner_active), 0);
    assert_ptr_equal(otlp_current_span(), outer);
    assert_int_equal(otlp_detach(&inner_active), OTLP_ENOTFOUND);
    otlp_attach(&inner_active, child); /* forgotten, and gone with the outer one */
    assert_int_equal(otlp_detach(&outer_active), 0);
    assert_null(otlp_current_span());
    otlp_span_end(child, 0);
    otlp_span_end(other, 0);
    otlp_span_end(outer, 0);
    pipeline_free(&p);
}

/* Its context stays current when a span ends before it is detached. */
static void test_end_while_attached(void **state)
{
    (void)state;
    struct pipeline p = simple_pipeline(OTLP_TRACES, NULL);
    const struct otlp_tracestate *tracestate = NULL;
    assert_int_equal(otlp_tracestate_parse("vendor=value", 12, &tracestate), 0);
    struct otlp_span_context remote = otlp_span_context_root(OTLP_FLAG_SAMPLED);
    remote.tracestate = tracestate;
    struct otlp_span_options options = {.parent = &remote};
    struct otlp_span *span = otlp_tracer_start(p.tracer, "x", &options);
    struct otlp_span_id span_id = otlp_span_get_context(span)->span_id;
    struct otlp_active once;
    struct otlp_active twice;
    otlp_attach(&once, span);
    otlp_attach(&twice, span);
    otlp_tracestate_unref(tracestate);
    otlp_span_end(span, 0); /* sent and freed */
    assert_null(otlp_current_span());
    assert_true(otlp_span_id_equal(otlp_current_context()->span_id, span_id));
    assert_non_null(otlp_current_context()->tracestate);
    struct otlp_span *child = otlp_tracer_start(p.tracer, "child", NULL);
    assert_true(otlp_span_id_equal(otlp_span_get_data(child)->parent_span_id, span_id));
    otlp_span_end(child, 0);
    assert_int_equal(otlp_detach(&once), 0);
    assert_false(otlp_span_context_is_valid(otlp_current_context()));
    assert_accounted(p.processor, 2);
    pipeline_free(&p);
}

static void test_remote_context_and_baggage(void **state)
{
    (void)state;
    struct pipeline p = simple_pipeline(OTLP_TRACES, NULL);
    struct otlp_span_context remote = otlp_span_context_root(OTLP_FLAG_SAMPLED);
    remote.is_remote = true;
    struct otlp_baggage baggage = {0};
    struct otlp_active with_context;
    struct otlp_active with_baggage;
    struct otlp_active with_span;
    assert_null(otlp_current_baggage());
    otlp_attach_context(&with_context, &remote);
    otlp_attach_baggage(&with_baggage, &baggage);
    assert_ptr_equal(otlp_current_baggage(), &baggage);
    assert_null(otlp_current_span());
    struct otlp_span *span = otlp_tracer_start(p.tracer, "server", NULL);
    assert_true(otlp_span_get_data(span)->parent_is_remote);
    otlp_attach(&with_span, span);
    assert_ptr_equal(otlp_current_baggage(), &baggage);
    assert_int_equal(otlp_detach(&with_context), 0);
    assert_null(otlp_current_baggage());
    otlp_span_end(span, 0);
    pipeline_free(&p);
}

static void *look_at_current(void *arg)
{
    *(bool *)arg = otlp_current_span() == NULL;
    return NULL;
}

static void test_context_is_each_threads_own(void **state)
{
    (void)state;
    struct pipeline p = simple_pipeline(OTLP_TRACES, NULL);
    struct otlp_span *span = otlp_tracer_start(p.tracer, "x", NULL);
    struct otlp_active active;
    otlp_attach(&active, span);
    bool is_none = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, look_at_current, &is_none), 0);
    pthread_join(thread, NULL);
    assert_true(is_none);
    otlp_detach(&active);
    otlp_span_free(span);
    pipeline_free(&p);
}

/* ---- fork ---- */

static void child_exports_its_own(void)
{
    struct pipeline p = pipeline_new(OTLP_TRACES, &patient);
    struct pipeline simple = simple_pipeline(OTLP_TRACES, NULL);
    pipeline_end_spans(&p, 0, 5);
    pipeline_end_spans(&simple, 0, 5);
    pid_t child = fork();
    if (child == 0) {
        pipeline_end_spans(&p, 10, 2); /* a worker starts */
        pipeline_end_spans(&simple, 10, 2);
        FORKED_EXPECT(otlp_provider_shutdown(p.provider, 10 * PLAY_SECOND_NS) == 0);
        struct otlp_processor_counts counts = counts_of(p.processor);
        FORKED_EXPECT(counts.ended == 2 && counts.delivered == 2 && counts.queued == 0);
        FORKED_EXPECT(p.play->items == 2 && strcmp(p.play->names[0], "10") == 0);
        FORKED_EXPECT(counts_of(simple.processor).delivered == 2);
        pipeline_free(&p);
        pipeline_free(&simple);
        _exit(0);
    }
    int status = 1;
    FORKED_EXPECT(waitpid(child, &status, 0) == child && status == 0);
    FORKED_EXPECT(otlp_provider_shutdown(p.provider, 10 * PLAY_SECOND_NS) == 0);
    struct otlp_processor_counts counts = counts_of(p.processor);
    FORKED_EXPECT(counts.ended == 5 && counts.delivered == 5);
    pipeline_free(&p);
    pipeline_free(&simple);
}

static void test_fork(void **state)
{
    (void)state;
    if (IS_SANITIZED_FOR_THREADS) {
        skip();
    }
    assert_forked(child_exports_its_own);
}

/* Threads are in the middle of everything while another forks. */
static _Atomic bool keep_going;

static void *end_many(void *arg)
{
    while (keep_going) {
        pipeline_end_spans(arg, 0, 10);
    }
    return NULL;
}

static void child_of_a_busy_parent(struct pipeline *p)
{
    alarm(20);
    pthread_mutex_init(&p->play->lock, NULL); /* nobody may be left to open it */
    pthread_cond_init(&p->play->changed, NULL);
    p->play->inside = 0;
    pipeline_end_spans(p, 0, 100);
    FORKED_EXPECT(otlp_processor_force_flush(p->processor, 10 * PLAY_SECOND_NS) == 0);
    struct otlp_processor_counts counts = counts_of(p->processor);
    FORKED_EXPECT(counts.ended == 100 && counts.queued == 0);
    FORKED_EXPECT(counts.delivered + otlp_processor_counts_dropped(&counts) == 100);
}

static void children_of_a_busy_parent(void)
{
    struct otlp_batch_options options = {.delay_ns = LONG_NS, .batch_max = 64, .queue_max = 256};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    pthread_t threads[2];
    keep_going = true;
    for (size_t i = 0; i < 2; i++) {
        FORKED_EXPECT(pthread_create(&threads[i], NULL, end_many, &p) == 0);
    }
    for (int i = 0; i < 10; i++) {
        pid_t child = fork();
        if (child == 0) {
            child_of_a_busy_parent(&p);
            _exit(0);
        }
        int status = 1;
        FORKED_EXPECT(waitpid(child, &status, 0) == child && status == 0);
    }
    keep_going = false;
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    FORKED_EXPECT(otlp_processor_shutdown(p.processor, 10 * PLAY_SECOND_NS) == 0);
    struct otlp_processor_counts counts = counts_of(p.processor);
    FORKED_EXPECT(counts.ended == counts.delivered + otlp_processor_counts_dropped(&counts));
    pipeline_free(&p);
}

static void test_fork_of_a_busy_process(void **state)
{
    (void)state;
    if (IS_SANITIZED) {
        skip();
    }
    assert_forked(children_of_a_busy_parent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple_processor),
        cmocka_unit_test(test_simple_processor_serialises_and_keeps_time_outs),
        cmocka_unit_test(test_scopes_travel_apart),
        cmocka_unit_test(test_sampler_and_limits_are_the_providers),
        cmocka_unit_test(test_probability_sampler_leaves_its_threshold),
        cmocka_unit_test(test_two_processors_get_every_span),
        cmocka_unit_test(test_without_a_processor),
        cmocka_unit_test(test_logs_know_the_current_span),
        cmocka_unit_test(test_children_of_the_current_span),
        cmocka_unit_test(test_end_while_attached),
        cmocka_unit_test(test_remote_context_and_baggage),
        cmocka_unit_test(test_context_is_each_threads_own),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_fork_of_a_busy_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
