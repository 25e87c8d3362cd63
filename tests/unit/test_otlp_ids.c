#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <otlp/error.h>
#include <otlp/ids.h>

#define THREADS        4
#define IDS_PER_THREAD 250000

/* Outputs of the authors' xoshiro256** from the state {1, 2, 3, 4}. */
static void test_generator_is_xoshiro256starstar(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        11520u, 0u, 1509978240u, 1215971899390074240u, 1216172134540287360u, 607988272756665600u};
    struct otlp_id_generator generator = {{1, 2, 3, 4}};
    for (size_t i = 0; i < 6; i += 3) {
        uint64_t words[2];
        uint64_t word;
        struct otlp_trace_id trace_id = otlp_id_generator_trace_id(&generator);
        struct otlp_span_id span_id = otlp_id_generator_span_id(&generator);
        memcpy(words, trace_id.bytes, sizeof words);
        memcpy(&word, span_id.bytes, sizeof word);
        assert_int_equal(words[0], expected[i]);
        assert_int_equal(words[1], expected[i + 1]);
        assert_int_equal(word, expected[i + 2]);
    }
}

/* From this state the second output, the only word of a span id here, would be 0. */
static void test_zero_is_drawn_again(void **state)
{
    (void)state;
    struct otlp_id_generator generator = {{1, 2, 3, 4}};
    uint64_t word;
    (void)otlp_id_generator_span_id(&generator);
    struct otlp_span_id id = otlp_id_generator_span_id(&generator);
    memcpy(&word, id.bytes, sizeof word);
    assert_int_equal(word, 1509978240u);
    assert_true(otlp_span_id_is_valid(id));
}

static void test_seed_makes_the_sequence(void **state)
{
    (void)state;
    struct otlp_id_generator a;
    struct otlp_id_generator b;
    struct otlp_id_generator c;
    otlp_id_generator_seed(&a, 7);
    otlp_id_generator_seed(&b, 7);
    otlp_id_generator_seed(&c, 8);
    for (int i = 0; i < 100; i++) {
        struct otlp_trace_id id = otlp_id_generator_trace_id(&a);
        assert_true(otlp_trace_id_equal(id, otlp_id_generator_trace_id(&b)));
        assert_false(otlp_trace_id_equal(id, otlp_id_generator_trace_id(&c)));
    }
}

static void test_hex(void **state)
{
    (void)state;
    const char *text = "4bf92f3577b34da6a3ce929d0e0e4736";
    const struct otlp_trace_id expected = {{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3,
                                            0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36}};
    struct otlp_trace_id id;
    char hex[OTLP_TRACE_ID_HEX];
    assert_int_equal(otlp_trace_id_from_hex(text, 32, &id), 0);
    assert_true(otlp_trace_id_equal(id, expected));
    otlp_trace_id_to_hex(id, hex);
    assert_memory_equal(hex, text, sizeof hex);

    struct otlp_span_id span_id;
    assert_int_equal(otlp_span_id_from_hex("00f067aa0ba902b7", 16, &span_id), 0);
    assert_memory_equal(span_id.bytes, "\x00\xf0\x67\xaa\x0b\xa9\x02\xb7", 8);
    otlp_span_id_to_hex(span_id, hex);
    assert_memory_equal(hex, "00f067aa0ba902b7", 16);
}

/* Each byte value at each place, against printf. */
static void test_hex_of_every_byte(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        for (size_t at = 0; at < OTLP_SPAN_ID_BYTES; at++) {
            struct otlp_span_id id = {{1, 1, 1, 1, 1, 1, 1, 1}};
            struct otlp_span_id back;
            char hex[OTLP_SPAN_ID_HEX];
            char expected[3];
            id.bytes[at] = (uint8_t)value;
            otlp_span_id_to_hex(id, hex);
            (void)snprintf(expected, sizeof expected, "%02x", value);
            assert_memory_equal(hex + 2 * at, expected, 2);
            assert_int_equal(otlp_span_id_from_hex(hex, sizeof hex, &back), 0);
            assert_true(otlp_span_id_equal(id, back));
        }
    }
}

static void test_hex_is_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "00f067aa0ba902b",
        "00f067aa0ba902b70",
        "00F067aa0ba902b7",
        "00f067aa0ba902bg",
        "00f067aa0ba902b/",
        "00f067aa0ba902b:",
        "00f067aa0ba902b`",
        " 0f067aa0ba902b7",
        "0x0067aa0ba902b7",
        "0000000000000000",
        "00f067aa0ba902b\xe2",
    };
    const struct otlp_span_id before = {{9, 9, 9, 9, 9, 9, 9, 9}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct otlp_span_id id = before;
        assert_int_equal(otlp_span_id_from_hex(bad[i], strlen(bad[i]), &id), OTLP_EFORMAT);
        assert_true(otlp_span_id_equal(id, before));
    }
    struct otlp_trace_id trace_id;
    assert_int_equal(otlp_trace_id_from_hex("00000000000000000000000000000000", 32, &trace_id),
                     OTLP_EFORMAT);
    assert_int_equal(otlp_trace_id_from_hex("4BF92F3577B34DA6A3CE929D0E0E4736", 32, &trace_id),
                     OTLP_EFORMAT);
    assert_int_equal(otlp_trace_id_from_hex(NULL, 0, &trace_id), OTLP_EFORMAT);
}

struct worker {
    struct otlp_trace_id *trace_ids;
    struct otlp_span_id *span_ids;
};

static void *make_ids(void *arg)
{
    struct worker *worker = arg;
    for (size_t i = 0; i < IDS_PER_THREAD; i++) {
        worker->trace_ids[i] = otlp_trace_id_new();
        worker->span_ids[i] = otlp_span_id_new();
    }
    return NULL;
}

static int compare_trace_ids(const void *a, const void *b)
{
    return memcmp(a, b, OTLP_TRACE_ID_BYTES);
}

static int compare_span_ids(const void *a, const void *b)
{
    return memcmp(a, b, OTLP_SPAN_ID_BYTES);
}

static void test_a_million_ids_of_four_threads_differ(void **state)
{
    (void)state;
    size_t count = (size_t)THREADS * IDS_PER_THREAD;
    struct otlp_trace_id *trace_ids = malloc(count * sizeof *trace_ids);
    struct otlp_span_id *span_ids = malloc(count * sizeof *span_ids);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    assert_non_null(trace_ids);
    assert_non_null(span_ids);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].trace_ids = trace_ids + i * IDS_PER_THREAD;
        workers[i].span_ids = span_ids + i * IDS_PER_THREAD;
        assert_int_equal(pthread_create(&threads[i], NULL, make_ids, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    qsort(trace_ids, count, sizeof *trace_ids, compare_trace_ids);
    qsort(span_ids, count, sizeof *span_ids, compare_span_ids);
    assert_true(otlp_trace_id_is_valid(trace_ids[0])); /* all zero would sort first */
    assert_true(otlp_span_id_is_valid(span_ids[0]));
    size_t repeated = 0;
    for (size_t i = 1; i < count; i++) {
        repeated += otlp_trace_id_equal(trace_ids[i], trace_ids[i - 1]);
        repeated += otlp_span_id_equal(span_ids[i], span_ids[i - 1]);
    }
    assert_int_equal(repeated, 0);
    free(trace_ids);
    free(span_ids);
}

/* Without the fork handler the child would repeat the parent's ids one by one. */
static void test_child_process_has_its_own_sequence(void **state)
{
    (void)state;
    enum { COUNT = 64 };
    struct otlp_trace_id of_child[COUNT];
    int ends[2];
    (void)otlp_trace_id_new(); /* the parent's generator is seeded before the fork */
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct otlp_trace_id ids[COUNT];
        for (size_t i = 0; i < COUNT; i++) {
            ids[i] = otlp_trace_id_new();
        }
        _exit(write(ends[1], ids, sizeof ids) == (ssize_t)sizeof ids ? 0 : 1);
    }
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(read(ends[0], of_child, sizeof of_child), sizeof of_child);
    assert_int_equal(close(ends[0]), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (size_t i = 0; i < COUNT; i++) {
        struct otlp_trace_id own = otlp_trace_id_new();
        assert_true(otlp_trace_id_is_valid(of_child[i]));
        for (size_t j = 0; j < COUNT; j++) {
            assert_false(otlp_trace_id_equal(own, of_child[j]));
        }
    }
}

/* Over 4096 ids each bit is set about half of the time; 2048 +- 256 is eight standard deviations.
 */
static void test_every_bit_is_used(void **state)
{
    (void)state;
    unsigned set[8 * OTLP_TRACE_ID_BYTES] = {0};
    for (int i = 0; i < 4096; i++) {
        struct otlp_trace_id id = otlp_trace_id_new();
        for (size_t bit = 0; bit < 8 * OTLP_TRACE_ID_BYTES; bit++) {
            set[bit] += (unsigned)id.bytes[bit / 8] >> bit % 8 & 1u;
        }
    }
    for (size_t bit = 0; bit < 8 * OTLP_TRACE_ID_BYTES; bit++) {
        assert_in_range(set[bit], 2048 - 256, 2048 + 256);
    }
}

static void test_contexts(void **state)
{
    (void)state;
    struct otlp_span_context root = otlp_span_context_root(OTLP_FLAG_SAMPLED);
    assert_true(otlp_span_context_is_valid(&root));
    assert_true(otlp_span_context_is_sampled(&root));
    assert_int_equal(root.flags, 0x03); /* W3C level 2: sampled, random */
    assert_false(root.is_remote);
    assert_null(root.tracestate);

    root.is_remote = true;
    struct otlp_span_context child = otlp_span_context_child(&root);
    assert_true(otlp_trace_id_equal(child.trace_id, root.trace_id));
    assert_false(otlp_span_id_equal(child.span_id, root.span_id));
    assert_int_equal(child.flags, root.flags);
    assert_false(child.is_remote);

    struct otlp_span_context none = {0};
    assert_false(otlp_span_context_is_valid(&none));
    assert_false(otlp_span_context_is_valid(NULL));
    assert_false(otlp_span_context_is_sampled(NULL));
    none.trace_id = root.trace_id;
    assert_false(otlp_span_context_is_valid(&none)); /* a span id is needed too */
    struct otlp_span_context orphan = otlp_span_context_child(NULL);
    assert_true(otlp_span_context_is_valid(&orphan));
    assert_false(otlp_span_context_is_sampled(&orphan));
}

static void test_every_error_has_name_and_text(void **state)
{
    (void)state;
    assert_string_equal(otlp_error_name(0), "OTLP_OK");
    assert_string_equal(otlp_error_text(0), "success");
    assert_string_equal(otlp_error_name(OTLP_ENOMEM), "OTLP_ENOMEM");
    assert_string_equal(otlp_error_name(1), "OTLP_E?");
    assert_string_equal(otlp_error_text(-10000), "unknown error");
#define CHECK(name, value, text)                                                                   \
    assert_true((name) < 0);                                                                       \
    assert_int_equal(name, value);                                                                 \
    assert_string_equal(otlp_error_name(name), #name);                                             \
    assert_string_equal(otlp_error_text(name), text);
    OTLP_ERROR_MAP(CHECK)
#undef CHECK
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generator_is_xoshiro256starstar),
        cmocka_unit_test(test_zero_is_drawn_again),
        cmocka_unit_test(test_seed_makes_the_sequence),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_hex_of_every_byte),
        cmocka_unit_test(test_hex_is_strict),
        cmocka_unit_test(test_a_million_ids_of_four_threads_differ),
        cmocka_unit_test(test_child_process_has_its_own_sequence),
        cmocka_unit_test(test_every_bit_is_used),
        cmocka_unit_test(test_contexts),
        cmocka_unit_test(test_every_error_has_name_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
