#include "transport/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <otlp.h>

#include "transport/header_rules.h"
#include "transport/retry.h"
#include "transport/urls.h"

#define USER_AGENT "OTel-OTLP-Exporter-C/" OTLP_VERSION

static uint64_t or_default(uint64_t value, uint64_t fallback)
{
    return value == 0 ? fallback : value;
}

/* strdup() that passes NULL on. */
static int copy_text(const char *text, char **copy)
{
    *copy = text == NULL ? NULL : strdup(text);
    return text != NULL && *copy == NULL ? OTLP_ENOMEM : 0;
}

/* Before 8.1 libcurl loses trailers of a stream when another one on its connection has data to be
 * read, and resets each stream that has ended. Servers that take many resets for an attack end the
 * connection: nghttp2 and what is built on it after 1000. */
static bool loses_trailers(void)
{
    return curl_version_info(CURLVERSION_NOW)->version_num < 0x080100;
}

#define USES_MAX 900

static int complete_policies(struct otlp_transport_options *options)
{
    struct otlp_retry_policy *retry = &options->retry;
    struct otlp_pool_policy *pool = &options->pool;
    bool is_grpc = options->protocol == OTLP_PROTOCOL_GRPC;
    retry->first_ns = or_default(retry->first_ns, OTLP__SECOND_NS);
    retry->cap_ns = or_default(retry->cap_ns, 5u * (uint64_t)OTLP__SECOND_NS);
    retry->cap_ns = retry->cap_ns < retry->first_ns ? retry->first_ns : retry->cap_ns;
    retry->factor = retry->factor == 0 ? 1.5 : retry->factor;
    retry->jitter = retry->jitter == 0 ? 0.2 : retry->jitter < 0 ? 0 : retry->jitter;
    options->breaker.failures = (uint32_t)or_default(options->breaker.failures, 10);
    options->breaker.open_ns = or_default(options->breaker.open_ns, 5u * (uint64_t)OTLP__SECOND_NS);
    bool is_alone = !is_grpc || loses_trailers();
    pool->connections_max = (uint32_t)or_default(pool->connections_max, is_alone ? 8 : 2);
    pool->streams_max = is_alone ? 1 : (uint32_t)or_default(pool->streams_max, 16);
    pool->idle_ns = or_default(pool->idle_ns, 60u * (uint64_t)OTLP__SECOND_NS);
    options->timeout_ns = or_default(options->timeout_ns, 10u * (uint64_t)OTLP__SECOND_NS);
    options->request_bytes_max = or_default(options->request_bytes_max, (size_t)64 << 20);
    options->response_bytes_max = or_default(options->response_bytes_max, (size_t)4 << 20);
    return !(retry->factor >= 1) || !isfinite(retry->factor) || !(retry->jitter <= 1) ||
                   pool->connections_max > 1024 || pool->streams_max > 1024 ||
                   pool->connections_min > pool->connections_max ||
                   options->request_bytes_max > OTLP_COMPRESS_INPUT_MAX
               ? OTLP_EINVAL
               : 0;
}

static int complete(struct otlp_transport_options *options)
{
    if ((unsigned)options->protocol >= OTLP_PROTOCOL_COUNT ||
        (unsigned)options->balance > OTLP_BALANCE_LEAST_IN_FLIGHT ||
        (options->tls.certificate_file == NULL) != (options->tls.key_file == NULL) ||
        (options->bearer_token != NULL && options->bearer_token_file != NULL)) {
        return OTLP_EINVAL;
    }
    return complete_policies(options);
}

static int copy_targets(struct otlp__settings *settings,
                        const struct otlp_transport_options *options)
{
    bool is_grpc = options->protocol == OTLP_PROTOCOL_GRPC;
    struct otlp_endpoint local = {.url =
                                      is_grpc ? "http://localhost:4317" : "http://localhost:4318"};
    const struct otlp_endpoint *endpoints =
        options->endpoint_count == 0 ? &local : options->endpoints;
    size_t count = options->endpoint_count == 0 ? 1 : options->endpoint_count;
    if (count > OTLP_ENDPOINTS_MAX) {
        return OTLP_EINVAL;
    }
    for (size_t i = 0; i < count; i++) {
        struct otlp__target *target = &settings->targets[i];
        settings->target_count = i + 1;
        target->weight = endpoints[i].weight == 0 ? 1 : endpoints[i].weight;
        int error =
            endpoints[i].url == NULL ? OTLP_EINVAL : copy_text(endpoints[i].url, &target->url);
        if (error == 0) {
            target->shown_url = otlp__url_to_show(target->url);
            error = target->shown_url == NULL ? OTLP_ENOMEM : 0;
        }
        for (int signal = 0; signal < OTLP_SIGNAL_COUNT && error == 0; signal++) {
            error =
                otlp__request_url(endpoints[i].url, options->protocol, endpoints[i].url_is_complete,
                                  (enum otlp_signal)signal, &target->request_url[signal]);
        }
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static int copy_headers(struct otlp__settings *settings,
                        const struct otlp_transport_options *options)
{
    struct otlp__header_list list = {.is_lower = options->protocol == OTLP_PROTOCOL_GRPC};
    int error = 0;
    for (size_t i = 0; i < options->header_count && error == 0; i++) {
        error = otlp__header_add(&list, options->headers[i].name, options->headers[i].value);
    }
    if (error == 0 && options->api_key != NULL) {
        const char *name = options->api_key_header == NULL ? "api-key" : options->api_key_header;
        error = otlp__header_add_key(&list, name, options->api_key);
    }
    if (error == 0 && options->bearer_token != NULL) {
        error = otlp__header_add_bearer(&list, options->bearer_token);
    }
    if (error == 0) {
        error = otlp__header_add_fixed(&list, options->protocol);
    }
    settings->headers = list.head;
    return error;
}

/* A file that cannot be read now is a mistake of who configures, which curl would tell only later.
 */
static int copy_file_name(const char *name, char **copy)
{
    if (name != NULL && access(name, R_OK) != 0) {
        return OTLP_EIO;
    }
    return copy_text(name, copy);
}

static int copy_files(struct otlp__settings *settings, const struct otlp_transport_options *options)
{
    int error = copy_file_name(options->tls.ca_file, &settings->ca_file);
    if (error == 0) {
        error = copy_file_name(options->tls.certificate_file, &settings->certificate_file);
    }
    if (error == 0) {
        error = copy_file_name(options->tls.key_file, &settings->key_file);
    }
    if (error == 0) {
        error = copy_file_name(options->bearer_token_file, &settings->bearer_token_file);
    }
    if (otlp__header_has(settings->headers, "authorization")) {
        free(settings->bearer_token_file);
        settings->bearer_token_file = NULL;
    }
    return error;
}

static int copy_user_agent(struct otlp__settings *settings, const char *prefix)
{
    if (prefix == NULL) {
        return copy_text(USER_AGENT, &settings->user_agent);
    }
    if (!otlp__header_value_is_valid(prefix)) {
        return OTLP_EINVAL;
    }
    size_t prefix_len = strlen(prefix);
    settings->user_agent = malloc(prefix_len + sizeof " " USER_AGENT);
    if (settings->user_agent == NULL) {
        return OTLP_ENOMEM;
    }
    memcpy(settings->user_agent, prefix, prefix_len);
    memcpy(settings->user_agent + prefix_len, " " USER_AGENT, sizeof " " USER_AGENT);
    return 0;
}

static int copy_compression(struct otlp__settings *settings,
                            const struct otlp_transport_options *options)
{
    static const struct otlp_compression_candidate usual[] = {
        {.algorithm = OTLP_COMPRESSION_GZIP, .level = 1},
        {.algorithm = OTLP_COMPRESSION_ZSTD, .level = 1}};
    if (!options->compression_is_adaptive) {
        settings->candidates[0] =
            (struct otlp_compression_candidate){.algorithm = options->compression.algorithm,
                                                .level = options->compression.level,
                                                .dictionary = options->compression.dictionary};
        settings->candidate_count = 1;
    } else {
        bool is_usual = options->candidate_count == 0;
        settings->candidate_count =
            is_usual ? sizeof usual / sizeof usual[0] : options->candidate_count;
        if (settings->candidate_count > OTLP_CANDIDATES_MAX) {
            return OTLP_EINVAL;
        }
        memcpy(settings->candidates, is_usual ? usual : options->candidates,
               settings->candidate_count * sizeof usual[0]);
    }
    /* Making one is the check of algorithm, level and dictionary. */
    int error = 0;
    for (size_t i = 0; i < settings->candidate_count && error == 0; i++) {
        struct otlp_compressor_options compressor_options = {
            .algorithm = settings->candidates[i].algorithm,
            .level = settings->candidates[i].level,
            .dictionary = settings->candidates[i].dictionary};
        struct otlp_compressor *compressor = NULL;
        error = otlp_compressor_create(&compressor_options, &compressor);
        otlp_compressor_free(compressor);
    }
    return error;
}

static int suit_libcurl(struct otlp__settings *settings)
{
    curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    bool is_grpc = settings->options.protocol == OTLP_PROTOCOL_GRPC;
    bool forgets = info->version_num >= 0x075800 && info->version_num < 0x080000;
    settings->uses_max = is_grpc && loses_trailers() ? USES_MAX : 0;
    bool needs_tls = false;
    for (size_t i = 0; i < settings->target_count; i++) {
        bool is_https = otlp__url_is_https(settings->targets[i].url);
        needs_tls = needs_tls || is_https;
        settings->targets[i].is_direct =
            (is_grpc && !is_https) || otlp__url_is_local(settings->targets[i].url);
        settings->targets[i].opens_by_order = is_grpc && !is_https && forgets;
    }
    bool lacks = (needs_tls && (info->features & CURL_VERSION_SSL) == 0) ||
                 (is_grpc && (info->features & CURL_VERSION_HTTP2) == 0);
    return lacks ? OTLP_EUNSUPPORTED : 0;
}

int otlp__settings_init(struct otlp__settings *settings,
                        const struct otlp_transport_options *options)
{
    *settings = (struct otlp__settings){.options = *options};
    int error = complete(&settings->options);
    if (error == 0) {
        error = copy_targets(settings, options);
    }
    if (error == 0) {
        error = copy_headers(settings, options);
    }
    if (error == 0) {
        error = copy_files(settings, options);
    }
    if (error == 0) {
        error = copy_user_agent(settings, options->user_agent_prefix);
    }
    if (error == 0) {
        error = copy_compression(settings, options);
    }
    if (error == 0) {
        error = suit_libcurl(settings);
    }
    if (error != 0) {
        otlp__settings_release(settings);
    }
    return error;
}

void otlp__settings_release(struct otlp__settings *settings)
{
    for (size_t i = 0; i < settings->target_count; i++) {
        free(settings->targets[i].url);
        free(settings->targets[i].shown_url);
        for (int signal = 0; signal < OTLP_SIGNAL_COUNT; signal++) {
            free(settings->targets[i].request_url[signal]);
        }
    }
    curl_slist_free_all(settings->headers);
    free(settings->user_agent);
    free(settings->bearer_token_file);
    free(settings->ca_file);
    free(settings->certificate_file);
    free(settings->key_file);
    *settings = (struct otlp__settings){0};
}

const char *otlp_protocol_name(enum otlp_protocol protocol)
{
    static const char *const names[OTLP_PROTOCOL_COUNT] = {[OTLP_PROTOCOL_HTTP_PROTOBUF] =
                                                               "http/protobuf",
                                                           [OTLP_PROTOCOL_HTTP_JSON] = "http/json",
                                                           [OTLP_PROTOCOL_GRPC] = "grpc"};
    return names[protocol];
}
