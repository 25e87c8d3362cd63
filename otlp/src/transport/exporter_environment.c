#include <otlp/exporter_environment.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "percent.h"
#include "transport/header_rules.h"
#include "transport/urls.h"

#define PREFIX "OTEL_EXPORTER_OTLP_"

#define HEADERS_MAX 64

struct otlp_env {
    struct otlp_transport_options options;
    struct otlp_endpoint endpoint;
    struct otlp_request_header headers[HEADERS_MAX];
    char *header_text; /* what they point to */
    char *url;
    char *ca_file;
    char *certificate_file;
    char *key_file;
};

struct reading {
    const struct otlp_env_hooks *hooks;
    enum otlp_signal signal;
    bool is_out_of_memory;
};

/* The variable that a value came from. */
struct variable {
    char name[64];
    const char *value; /* NULL: not set */
    bool is_of_signal;
};

static void warn(const struct reading *reading, const struct variable *variable, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

static void warn(const struct reading *reading, const struct variable *variable, const char *format,
                 ...)
{
    char text[512];
    va_list arguments;
    if (reading->hooks->warn == NULL) {
        return;
    }
    int len = snprintf(text, sizeof text, "%s ", variable->name);
    va_start(arguments, format);
    vsnprintf(text + len, sizeof text - (size_t)len, format, arguments);
    va_end(arguments);
    reading->hooks->warn(text, reading->hooks->data);
}

/* Looks up the form for the signal or the general one. */
static struct variable look_up(const struct reading *reading, const char *word, bool of_signal)
{
    static const char *const infixes[OTLP_SIGNAL_COUNT] = {
        [OTLP_TRACES] = "TRACES_", [OTLP_METRICS] = "METRICS_", [OTLP_LOGS] = "LOGS_"};
    struct variable variable = {.is_of_signal = of_signal};
    snprintf(variable.name, sizeof variable.name, "%s%s%s", PREFIX,
             of_signal ? infixes[reading->signal] : "", word);
    variable.value = reading->hooks->get != NULL
                         ? reading->hooks->get(variable.name, reading->hooks->data)
                         : getenv(variable.name);
    if (variable.value != NULL && variable.value[0] == '\0') {
        variable.value = NULL;
    }
    return variable;
}

/* Understands a value and puts it where it belongs. False: it is none, and that has been told. */
typedef bool take_value(struct reading *reading, const struct variable *variable,
                        struct otlp_env *env);

static void read_variable(struct reading *reading, const char *word, take_value *take,
                          struct otlp_env *env)
{
    struct variable variable = look_up(reading, word, true);
    if (variable.value != NULL && take(reading, &variable, env)) {
        return;
    }
    variable = look_up(reading, word, false);
    if (variable.value != NULL) {
        take(reading, &variable, env);
    }
}

static char *copy(struct reading *reading, const char *text)
{
    char *made = strdup(text);
    reading->is_out_of_memory = reading->is_out_of_memory || made == NULL;
    return made;
}

static bool take_protocol(struct reading *reading, const struct variable *variable,
                          struct otlp_env *env)
{
    for (int i = 0; i < OTLP_PROTOCOL_COUNT; i++) {
        if (strcasecmp(variable->value, otlp_protocol_name((enum otlp_protocol)i)) == 0) {
            env->options.protocol = (enum otlp_protocol)i;
            return true;
        }
    }
    warn(reading, variable,
         "is '%s', which is no protocol; there are grpc, http/protobuf, http/json",
         variable->value);
    return false;
}

static bool take_compression(struct reading *reading, const struct variable *variable,
                             struct otlp_env *env)
{
    if (otlp_compression_from_name(variable->value, strlen(variable->value),
                                   &env->options.compression.algorithm) == 0) {
        return true;
    }
    warn(reading, variable, "is '%s', which is no compression; there are none, gzip, zstd, br",
         variable->value);
    return false;
}

static bool take_timeout(struct reading *reading, const struct variable *variable,
                         struct otlp_env *env)
{
    const char *text = variable->value;
    size_t len = strlen(text);
    uint64_t milliseconds = 0;
    otlp__trim(&text, &len);
    bool is_good = len > 0 && len <= 12;
    for (size_t i = 0; i < len && is_good; i++) {
        is_good = text[i] >= '0' && text[i] <= '9';
        milliseconds = milliseconds * 10 + (uint64_t)(text[i] - '0');
    }
    if (!is_good) {
        warn(reading, variable, "is '%s', which is no number of milliseconds", variable->value);
        return false;
    }
    env->options.timeout_ns = milliseconds == 0 ? UINT64_MAX : milliseconds * 1000000u;
    return true;
}

/* Only gRPC knows endpoints without a scheme; there the one that goes before it tells. */
static bool is_insecure(struct reading *reading)
{
    for (int of_signal = 1; of_signal >= 0; of_signal--) {
        struct variable variable = look_up(reading, "INSECURE", of_signal == 1);
        if (variable.value == NULL) {
            continue;
        }
        if (strcasecmp(variable.value, "true") != 0 && strcasecmp(variable.value, "false") != 0) {
            warn(reading, &variable, "is '%s', which is neither true nor false: false",
                 variable.value);
        }
        return strcasecmp(variable.value, "true") == 0;
    }
    return false;
}

static bool take_endpoint(struct reading *reading, const struct variable *variable,
                          struct otlp_env *env)
{
    char *url;
    char *request_url;
    bool is_grpc = env->options.protocol == OTLP_PROTOCOL_GRPC;
    if (is_grpc && !otlp__url_has_scheme(variable->value)) {
        if (asprintf(&url, "%s://%s", is_insecure(reading) ? "http" : "https", variable->value) <
            0) {
            url = NULL;
        }
    } else {
        url = strdup(variable->value);
    }
    int error = url == NULL ? OTLP_ENOMEM
                            : otlp__request_url(url, env->options.protocol, false, reading->signal,
                                                &request_url);
    if (error != 0) {
        free(url);
        reading->is_out_of_memory = reading->is_out_of_memory || error == OTLP_ENOMEM;
        if (error == OTLP_EINVAL) {
            char *shown = otlp__url_to_show(variable->value);
            warn(reading, variable, "is '%s', which is no http:// or https:// URL",
                 shown == NULL ? "..." : shown);
            free(shown);
        }
        return false;
    }
    free(request_url);
    env->url = url;
    env->endpoint = (struct otlp_endpoint){.url = url, .url_is_complete = variable->is_of_signal};
    env->options.endpoints = &env->endpoint;
    env->options.endpoint_count = 1;
    return true;
}

static bool take_ca_file(struct reading *reading, const struct variable *variable,
                         struct otlp_env *env)
{
    env->ca_file = copy(reading, variable->value);
    env->options.tls.ca_file = env->ca_file;
    return true;
}

static bool take_certificate_file(struct reading *reading, const struct variable *variable,
                                  struct otlp_env *env)
{
    env->certificate_file = copy(reading, variable->value);
    return true;
}

static bool take_key_file(struct reading *reading, const struct variable *variable,
                          struct otlp_env *env)
{
    env->key_file = copy(reading, variable->value);
    return true;
}

static void pair_client_files(struct reading *reading, struct otlp_env *env)
{
    if ((env->certificate_file == NULL) != (env->key_file == NULL)) {
        struct variable variable = {.name = PREFIX "CLIENT_CERTIFICATE"};
        warn(reading, &variable, "and %sCLIENT_KEY count only together", PREFIX);
        return;
    }
    env->options.tls.certificate_file = env->certificate_file;
    env->options.tls.key_file = env->key_file;
}

/* One member of the list, in text that may be changed. False: it is not "name=value". */
static bool take_header(char *text, size_t len, struct otlp_request_header *header)
{
    char *equals = memchr(text, '=', len);
    if (equals == NULL) {
        return false;
    }
    const char *name = text;
    size_t name_len = (size_t)(equals - text);
    const char *value = equals + 1;
    size_t value_len = len - name_len - 1;
    otlp__trim(&name, &name_len);
    otlp__trim(&value, &value_len);
    text[name - text + (ptrdiff_t)name_len] = '\0';
    char *plain = text + (value - text);
    plain[otlp__percent_decode(value, value_len, plain)] = '\0';
    *header = (struct otlp_request_header){.name = name, .value = plain};
    return otlp__header_is_valid(name, plain);
}

static bool take_headers(struct reading *reading, const struct variable *variable,
                         struct otlp_env *env)
{
    char *text = copy(reading, variable->value);
    size_t count = 0;
    if (text == NULL) {
        return false;
    }
    for (char *at = text, *next; at != NULL; at = next) {
        size_t len = strcspn(at, ",");
        next = at[len] == ',' ? at + len + 1 : NULL;
        at[len] = '\0';
        if (strspn(at, " \t") == len) {
            continue;
        }
        if (count == HEADERS_MAX) {
            warn(reading, variable, "has more than %d headers; the others are not sent",
                 HEADERS_MAX);
            break;
        }
        if (take_header(at, len, &env->headers[count])) {
            count++;
        } else {
            warn(reading, variable, "has a part that is no header; it is not sent");
        }
    }
    env->header_text = text;
    env->options.headers = env->headers;
    env->options.header_count = count;
    return true;
}

int otlp_env_read(enum otlp_signal signal, const struct otlp_env_hooks *hooks,
                  struct otlp_env **env)
{
    static const struct otlp_env_hooks no_hooks;
    struct reading reading = {.hooks = hooks == NULL ? &no_hooks : hooks, .signal = signal};
    struct otlp_env *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return OTLP_ENOMEM;
    }
    read_variable(&reading, "PROTOCOL", take_protocol, made);
    read_variable(&reading, "ENDPOINT", take_endpoint, made);
    read_variable(&reading, "HEADERS", take_headers, made);
    read_variable(&reading, "COMPRESSION", take_compression, made);
    read_variable(&reading, "TIMEOUT", take_timeout, made);
    read_variable(&reading, "CERTIFICATE", take_ca_file, made);
    read_variable(&reading, "CLIENT_CERTIFICATE", take_certificate_file, made);
    read_variable(&reading, "CLIENT_KEY", take_key_file, made);
    pair_client_files(&reading, made);
    if (reading.is_out_of_memory) {
        otlp_env_free(made);
        return OTLP_ENOMEM;
    }
    *env = made;
    return 0;
}

struct otlp_transport_options *otlp_env_options(struct otlp_env *env)
{
    return &env->options;
}

void otlp_env_free(struct otlp_env *env)
{
    if (env == NULL) {
        return;
    }
    free(env->header_text);
    free(env->url);
    free(env->ca_file);
    free(env->certificate_file);
    free(env->key_file);
    free(env);
}

int otlp_exporter_from_env(enum otlp_signal signal, const struct otlp_env_hooks *hooks,
                           struct otlp_exporter **exporter)
{
    struct otlp_env *env;
    int error = otlp_env_read(signal, hooks, &env);
    if (error == 0) {
        error = otlp_transport_create(&env->options, exporter);
        otlp_env_free(env);
    }
    return error;
}
