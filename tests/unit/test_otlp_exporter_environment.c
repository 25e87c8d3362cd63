/* OTEL_EXPORTER_OTLP_*: what each value means, and what is told about values that mean nothing. */
#include "exporting.h"

#include <otlp/exporter_environment.h>

#include "peer_http.h"

struct variable {
    const char *name; /* without OTEL_EXPORTER_OTLP_ */
    const char *value;
};

struct scene {
    struct variable variables[12];
    char warnings[2048];
};

static const char *get(const char *name, void *data)
{
    const struct scene *scene = data;
    assert_memory_equal(name, "OTEL_EXPORTER_OTLP_", 19);
    for (size_t i = 0; scene->variables[i].name != NULL; i++) {
        if (strcmp(scene->variables[i].name, name + 19) == 0) {
            return scene->variables[i].value;
        }
    }
    return NULL;
}

static void warn(const char *text, void *data)
{
    struct scene *scene = data;
    size_t len = strlen(scene->warnings);
    snprintf(scene->warnings + len, sizeof scene->warnings - len, "%s\n", text);
}

static struct otlp_env *read_scene(enum otlp_signal signal, struct scene *scene)
{
    struct otlp_env_hooks hooks = {.get = get, .warn = warn, .data = scene};
    struct otlp_env *env = NULL;
    assert_int_equal(otlp_env_read(signal, &hooks, &env), 0);
    return env;
}

static void nothing_set_is_the_default(void **state)
{
    (void)state;
    struct scene scene = {.variables = {{"ENDPOINT", ""},
                                        {"TRACES_ENDPOINT", ""},
                                        {"PROTOCOL", ""},
                                        {"HEADERS", ""},
                                        {"TIMEOUT", ""},
                                        {"COMPRESSION", ""},
                                        {"CERTIFICATE", ""}}};
    struct otlp_env *env = read_scene(OTLP_TRACES, &scene);
    struct otlp_transport_options zero = {0};
    assert_memory_equal(otlp_env_options(env), &zero, sizeof zero);
    assert_string_equal(scene.warnings, "");
    otlp_env_free(env);
    otlp_env_free(NULL);
}

static void the_signals_own_value_wins(void **state)
{
    (void)state;
    struct scene scene = {.variables = {{"PROTOCOL", "HTTP/JSON"},
                                        {"LOGS_PROTOCOL", "Grpc"},
                                        {"TIMEOUT", "250"},
                                        {"LOGS_TIMEOUT", " 1500 "},
                                        {"COMPRESSION", "gzip"},
                                        {"LOGS_COMPRESSION", "none"},
                                        {"HEADERS", "a=1"},
                                        {"LOGS_HEADERS", "b=2"},
                                        {"TRACES_TIMEOUT", "9"}}};
    struct otlp_env *env = read_scene(OTLP_LOGS, &scene);
    const struct otlp_transport_options *options = otlp_env_options(env);
    assert_int_equal(options->protocol, OTLP_PROTOCOL_GRPC);
    assert_int_equal(options->timeout_ns, 1500ull * MS);
    assert_int_equal(options->compression.algorithm, OTLP_COMPRESSION_NONE);
    assert_int_equal(options->header_count, 1);
    assert_string_equal(options->headers[0].name, "b");
    otlp_env_free(env);
    env = read_scene(OTLP_METRICS, &scene);
    options = otlp_env_options(env);
    assert_int_equal(options->protocol, OTLP_PROTOCOL_HTTP_JSON);
    assert_int_equal(options->timeout_ns, 250ull * MS);
    assert_int_equal(options->compression.algorithm, OTLP_COMPRESSION_GZIP);
    assert_string_equal(options->headers[0].value, "1");
    otlp_env_free(env);
    assert_string_equal(scene.warnings, "");
}

static void what_is_not_understood_is_told_and_ignored(void **state)
{
    (void)state;
    struct scene scene = {.variables = {{"TRACES_PROTOCOL", "smoke"},
                                        {"PROTOCOL", "http/json"},
                                        {"TRACES_TIMEOUT", "-5"},
                                        {"TIMEOUT", "5s"},
                                        {"COMPRESSION", "lzw"},
                                        {"TRACES_ENDPOINT", "localhost:4318"},
                                        {"ENDPOINT", "http://collector:4318"},
                                        {"CLIENT_KEY", "/k.pem"}}};
    struct otlp_env *env = read_scene(OTLP_TRACES, &scene);
    const struct otlp_transport_options *options = otlp_env_options(env);
    assert_int_equal(options->protocol, OTLP_PROTOCOL_HTTP_JSON);
    assert_int_equal(options->timeout_ns, 0);
    assert_string_equal(options->endpoints[0].url, "http://collector:4318");
    assert_false(options->endpoints[0].url_is_complete);
    assert_null(options->tls.key_file);
    static const char *const wanted[] = {
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is 'smoke'",
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT is '-5'",
        "OTEL_EXPORTER_OTLP_TIMEOUT is '5s'",
        "OTEL_EXPORTER_OTLP_COMPRESSION is 'lzw'",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is 'localhost:4318'",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_non_null(strstr(scene.warnings, wanted[i]));
    }
    otlp_env_free(env);
    struct otlp_env_hooks silent = {.get = get, .data = &scene};
    assert_int_equal(otlp_env_read(OTLP_TRACES, &silent, &env), 0);
    otlp_env_free(env);
}

static void headers_are_baggage_without_properties(void **state)
{
    (void)state;
    struct scene scene = {
        .variables = {{"HEADERS", " api-key = s%2Cecret%20 ,,Authorization=Basic YTpi==, x-e=,"
                                  "=bad, no value,content-type=text/plain,bad name=1,nl=a%0Ab"}}};
    struct otlp_env *env = read_scene(OTLP_TRACES, &scene);
    const struct otlp_transport_options *options = otlp_env_options(env);
    /* A value that ends in a space cannot be sent. */
    assert_int_equal(options->header_count, 2);
    assert_string_equal(options->headers[0].name, "Authorization");
    assert_string_equal(options->headers[0].value, "Basic YTpi==");
    assert_string_equal(options->headers[1].name, "x-e");
    assert_string_equal(options->headers[1].value, "");
    assert_null(strstr(scene.warnings, "ecret"));
    size_t lines = 0;
    for (const char *at = scene.warnings; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, 6);
    otlp_env_free(env);
}

static void endpoints_of_grpc_may_lack_a_scheme(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint;
        const char *insecure;
        const char *url;
    } rows[] = {{"collector:4317", NULL, "https://collector:4317"},
                {"collector:4317", "true", "http://collector:4317"},
                {"collector:4317", "TRUE", "http://collector:4317"},
                {"collector:4317", "yes", "https://collector:4317"},
                {"https://collector", "true", "https://collector"},
                {"http://collector", "false", "http://collector"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene = {.variables = {{"PROTOCOL", "grpc"},
                                            {"METRICS_ENDPOINT", rows[i].endpoint},
                                            {"INSECURE", rows[i].insecure}}};
        struct otlp_env *env = read_scene(OTLP_METRICS, &scene);
        assert_string_equal(otlp_env_options(env)->endpoints[0].url, rows[i].url);
        assert_int_equal(scene.warnings[0] != '\0',
                         rows[i].insecure != NULL && strcmp(rows[i].insecure, "yes") == 0);
        otlp_env_free(env);
    }
}

static void credentials_of_urls_are_not_told(void **state)
{
    (void)state;
    static const char *const urls[] = {"ftp://me:geheim@host", "http:/me:geheim@host",
                                       "http://me:geheim@", "me:gehe@im:geheim@host"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct scene scene = {.variables = {{"ENDPOINT", urls[i]}}};
        otlp_env_free(read_scene(OTLP_TRACES, &scene));
        assert_non_null(strstr(scene.warnings, "***@"));
        assert_null(strstr(scene.warnings, "geh"));
    }
}

static void a_timeout_of_zero_is_no_limit(void **state)
{
    (void)state;
    struct scene scene = {.variables = {{"TIMEOUT", "0"}}};
    struct otlp_env *env = read_scene(OTLP_METRICS, &scene);
    assert_true(otlp_env_options(env)->timeout_ns == UINT64_MAX);
    otlp_env_free(env);
}

static void exporters_send_where_the_environment_says(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200}};
    struct peer *peer = peer_start_http(steps, 1);
    char url[96];
    static const struct {
        const char *name;
        const char *path;
        const char *line;
    } rows[] = {{"ENDPOINT", "", "POST /v1/traces HTTP/1.1"},
                {"ENDPOINT", "/", "POST /v1/traces HTTP/1.1"},
                {"ENDPOINT", "/otlp", "POST /otlp/v1/traces HTTP/1.1"},
                {"ENDPOINT", "/otlp/", "POST /otlp/v1/traces HTTP/1.1"},
                {"TRACES_ENDPOINT", "", "POST / HTTP/1.1"},
                {"TRACES_ENDPOINT", "/v1/traces", "POST /v1/traces HTTP/1.1"},
                {"TRACES_ENDPOINT", "/x/?y=z", "POST /x/?y=z HTTP/1.1"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(url, sizeof url, "%s%s", peer->url, rows[i].path);
        struct scene scene = {.variables = {{rows[i].name, url},
                                            {"HEADERS", "api-key=s%2Cecret"},
                                            {"TIMEOUT", i == 0 ? "0" : "20000"}}};
        struct otlp_env_hooks hooks = {.get = get, .warn = warn, .data = &scene};
        struct otlp_exporter *exporter;
        assert_int_equal(otlp_exporter_from_env(OTLP_TRACES, &hooks, &exporter), 0);
        assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
        assert_true(peer_has_line(&peer->requests[i], rows[i].line));
        assert_true(peer_has_line(&peer->requests[i], "api-key: s,ecret"));
        stop_exporter(exporter);
    }
    peer_stop(peer);
    struct scene scene = {.variables = {{"CERTIFICATE", "/nonexistent.pem"}}};
    struct otlp_env_hooks hooks = {.get = get, .warn = warn, .data = &scene};
    struct otlp_exporter *exporter;
    assert_int_equal(otlp_exporter_from_env(OTLP_TRACES, &hooks, &exporter), OTLP_EIO);
}

static void the_process_has_an_environment(void **state)
{
    (void)state;
    struct otlp_env *env;
    setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "77", 1);
    assert_int_equal(otlp_env_read(OTLP_TRACES, NULL, &env), 0);
    assert_int_equal(otlp_env_options(env)->timeout_ns, 77 * MS);
    otlp_env_free(env);
    unsetenv("OTEL_EXPORTER_OTLP_TIMEOUT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_set_is_the_default),
        cmocka_unit_test(the_signals_own_value_wins),
        cmocka_unit_test(what_is_not_understood_is_told_and_ignored),
        cmocka_unit_test(headers_are_baggage_without_properties),
        cmocka_unit_test(endpoints_of_grpc_may_lack_a_scheme),
        cmocka_unit_test(credentials_of_urls_are_not_told),
        cmocka_unit_test(a_timeout_of_zero_is_no_limit),
        cmocka_unit_test(exporters_send_where_the_environment_says),
        cmocka_unit_test(the_process_has_an_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
