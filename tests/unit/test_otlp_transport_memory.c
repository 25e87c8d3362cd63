/* Memory that runs out: every allocation of making an exporter, and of sending, fails once. */
#include "exporting.h"

#include <errno.h>
#include <stdatomic.h>

#include <otlp/exporter_environment.h>
#include <otlp/file_exporter.h>

static _Thread_local bool is_counted;
static _Thread_local bool is_spared; /* the receiver's threads */

#define PEER_THREAD_BEGINS() (is_spared = true)
#include "peer_http.h"

/* Sanitizers bring allocators of their own, and these cannot stand before them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAN_FAIL 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CAN_FAIL 0
#endif
#endif
#ifndef CAN_FAIL
#define CAN_FAIL 1
#endif

static atomic_long countdown = -1; /* allocations until one fails; below 0: none does */
static atomic_bool is_everyone;    /* or only those of this thread */

static bool fails(void)
{
    if (is_spared || !(is_counted || atomic_load(&is_everyone)) || atomic_load(&countdown) < 0 ||
        atomic_fetch_sub(&countdown, 1) != 0) {
        return false;
    }
    errno = ENOMEM;
    return true;
}

#if CAN_FAIL
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc names them otherwise. */
__attribute__((visibility("default"))) void *malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __libc_calloc(count, bytes);
}

__attribute__((visibility("default"))) void *realloc(void *memory, size_t bytes)
{
    return fails() ? NULL : __libc_realloc(memory, bytes);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
#endif

static void start_counting(long allocations)
{
    is_counted = true;
    atomic_store(&countdown, allocations);
}

/* Whether the allocation came that was to fail. */
static bool stop_counting(void)
{
    is_counted = false;
    atomic_store(&is_everyone, false);
    return atomic_exchange(&countdown, -1) < 0;
}

#define ROUNDS_MAX 3000

static void making_an_exporter_fails_cleanly(void **state)
{
    (void)state;
    struct otlp_endpoint endpoints[] = {{.url = "http://127.0.0.1:1/base"},
                                        {.url = "https://127.0.0.1:2"}};
    struct otlp_request_header header = {"x", "y"};
    for (int protocol = 0; protocol < OTLP_PROTOCOL_COUNT; protocol++) {
        struct otlp_transport_options options = {.protocol = (enum otlp_protocol)protocol,
                                                 .endpoints = endpoints,
                                                 .endpoint_count = 2,
                                                 .headers = &header,
                                                 .header_count = 1,
                                                 .api_key = "k",
                                                 .bearer_token = "t",
                                                 .user_agent_prefix = "p",
                                                 .compression_is_adaptive = true};
        int error = OTLP_ENOMEM;
        for (long i = 0; i < ROUNDS_MAX && error != 0; i++) {
            struct otlp_exporter *exporter = NULL;
            start_counting(i);
            error = otlp_transport_create(&options, &exporter);
            bool was_hit = stop_counting();
            if (error == 0) {
                otlp_exporter_free(exporter);
                error = was_hit ? OTLP_ENOMEM : 0; /* what failed was not needed */
            } else {
                assert_int_equal(error, OTLP_ENOMEM);
            }
        }
        assert_int_equal(error, 0);
    }
}

static const char *get(const char *name, void *data)
{
    (void)data;
    return strstr(name, "HEADERS") != NULL                                             ? "a=b"
           : strstr(name, "CERTIFICATE") != NULL || strstr(name, "CLIENT_KEY") != NULL ? "/dev/null"
           : strstr(name, "ENDPOINT") != NULL ? "https://127.0.0.1:1"
                                              : NULL;
}

static void reading_the_environment_fails_cleanly(void **state)
{
    (void)state;
    struct otlp_env_hooks hooks = {.get = get};
    int error = OTLP_ENOMEM;
    for (long i = 0; i < ROUNDS_MAX && error != 0; i++) {
        struct otlp_env *env = NULL;
        start_counting(i);
        error = otlp_env_read(OTLP_TRACES, &hooks, &env);
        stop_counting();
        if (error == 0) {
            otlp_env_free(env);
        } else {
            assert_int_equal(error, OTLP_ENOMEM);
        }
    }
    assert_int_equal(error, 0);
}

static void making_a_file_exporter_fails_cleanly(void **state)
{
    (void)state;
    struct otlp_file_options options = {.path = "/dev/null"};
    int error = OTLP_ENOMEM;
    for (long i = 0; i < ROUNDS_MAX && error != 0; i++) {
        struct otlp_exporter *exporter = NULL;
        start_counting(i);
        error = otlp_file_exporter_create(&options, &exporter);
        stop_counting();
        if (error == 0) {
            otlp_exporter_free(exporter);
        } else {
            assert_int_equal(error, OTLP_ENOMEM);
        }
    }
    assert_int_equal(error, 0);
}

/* Whatever fails, on whichever side: the request has one outcome, and the next one gets through. */
static void sending_fails_cleanly(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {
        {.status = 200, .body = "\x0a\x02\x08\x00", .body_len = 4}};
    struct peer *peer = peer_start_http(steps, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.compression.algorithm = OTLP_COMPRESSION_GZIP;
    options.breaker.failures = UINT32_MAX;
    options.timeout_ns = 1000 * MS;
    bool was_hit = true;
    for (long i = 0; i < 400 && was_hit; i++) {
        struct otlp_exporter *exporter = start_exporter(&options);
        start_counting(i);
        atomic_store(&is_everyone, true);
        struct otlp_export_result result = send_text(exporter, "abc");
        was_hit = stop_counting();
        assert_true(result.outcome == OTLP_EXPORT_DELIVERED ||
                    result.outcome == OTLP_EXPORT_FAILED || result.outcome == OTLP_EXPORT_REFUSED);
        assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
        struct otlp_transport_metrics metrics;
        otlp_transport_metrics(exporter, &metrics);
        assert_int_equal(metrics.items_delivered + metrics.items_dropped, 14);
        stop_exporter(exporter);
    }
    peer_stop(peer);
}

static void skip_where_allocators_are_foreign(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making_an_exporter_fails_cleanly),
        cmocka_unit_test(reading_the_environment_fails_cleanly),
        cmocka_unit_test(making_a_file_exporter_fails_cleanly),
        cmocka_unit_test(sending_fails_cleanly),
    };
    const struct CMUnitTest skipped[] = {cmocka_unit_test(skip_where_allocators_are_foreign)};
    return CAN_FAIL ? cmocka_run_group_tests(tests, NULL, NULL)
                    : cmocka_run_group_tests(skipped, NULL, NULL);
}
