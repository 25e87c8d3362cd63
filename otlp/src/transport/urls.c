#include "transport/urls.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

bool otlp__url_is_https(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0;
}

bool otlp__url_is_local(const char *url)
{
    CURLU *parts = curl_url();
    char *host = NULL;
    struct in_addr address;
    bool is_local =
        parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        (strcasecmp(host, "localhost") == 0 ||
         (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127) ||
         strcmp(host, "[::1]") == 0);
    curl_free(host);
    curl_url_cleanup(parts);
    return is_local;
}

bool otlp__url_has_scheme(const char *url)
{
    return strstr(url, "://") != NULL;
}

char *otlp__url_to_show(const char *url)
{
    const char *scheme_end = strstr(url, "://");
    const char *begin = scheme_end == NULL ? url : scheme_end + 3;
    const char *at = strrchr(begin, '@');
    char *shown;
    if (at == NULL) {
        return strdup(url);
    }
    return asprintf(&shown, "%.*s***%s", (int)(begin - url), url, at) < 0 ? NULL : shown;
}

/* The path of gRPC, or the base's path with the signal's behind it. */
static int make_path(const char *base, enum otlp_protocol protocol, enum otlp_signal signal,
                     char **path)
{
    static const char *const services[OTLP_SIGNAL_COUNT] = {
        [OTLP_TRACES] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        [OTLP_METRICS] = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        [OTLP_LOGS] = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"};
    int length;
    if (protocol == OTLP_PROTOCOL_GRPC) {
        *path = strdup(services[signal]);
        return *path == NULL ? OTLP_ENOMEM : 0;
    }
    const char *gap = base[0] != '\0' && base[strlen(base) - 1] == '/' ? "" : "/";
    length = asprintf(path, "%s%sv1/%s", base, gap, otlp_signal_name(signal));
    if (length < 0) {
        *path = NULL;
        return OTLP_ENOMEM;
    }
    return 0;
}

static int error_of(CURLUcode code)
{
    return code == CURLUE_OK ? 0 : code == CURLUE_OUT_OF_MEMORY ? OTLP_ENOMEM : OTLP_EINVAL;
}

static int set_path(CURLU *parts, enum otlp_protocol protocol, enum otlp_signal signal)
{
    char *base = NULL;
    char *path = NULL;
    int error = error_of(curl_url_get(parts, CURLUPART_PATH, &base, 0));
    if (error == 0) {
        error = make_path(base, protocol, signal, &path);
    }
    if (error == 0) {
        error = error_of(curl_url_set(parts, CURLUPART_PATH, path, 0));
    }
    if (error == 0 && protocol == OTLP_PROTOCOL_GRPC) {
        error = error_of(curl_url_set(parts, CURLUPART_QUERY, NULL, 0));
    }
    free(path);
    curl_free(base);
    return error;
}

int otlp__request_url(const char *url, enum otlp_protocol protocol, bool is_complete,
                      enum otlp_signal signal, char **request_url)
{
    if (!otlp__url_is_https(url) && strncasecmp(url, "http://", 7) != 0) {
        return OTLP_EINVAL;
    }
    CURLU *parts = curl_url();
    if (parts == NULL) {
        return OTLP_ENOMEM;
    }
    int error = error_of(curl_url_set(parts, CURLUPART_URL, url, 0));
    if (error == 0 && (protocol == OTLP_PROTOCOL_GRPC || !is_complete)) {
        error = set_path(parts, protocol, signal);
    }
    char *text = NULL;
    if (error == 0) {
        error = error_of(curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0));
    }
    if (error == 0) {
        error = error_of(curl_url_get(parts, CURLUPART_URL, &text, 0));
    }
    if (error == 0) {
        *request_url = strdup(text);
        error = *request_url == NULL ? OTLP_ENOMEM : 0;
    }
    curl_free(text);
    curl_url_cleanup(parts);
    return error;
}
