#include "service.h"

#include "tls.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB       ((size_t)1024 * 1024)
#define SECOND_NS 1000000000u

int otlp__rx_say(int error, char *message, size_t message_bytes, const char *format, ...)
{
    if (message != NULL && message_bytes > 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, message_bytes, format, arguments);
        va_end(arguments);
    }
    return error;
}

static void fill_in(struct otlp_receiver_limits *limits)
{
#define DEFAULT(member, value) limits->member = limits->member != 0 ? limits->member : (value)
    DEFAULT(body_bytes, 64 * MIB);
    DEFAULT(decompressed_bytes, 64 * MIB);
    DEFAULT(header_bytes, 8192);
    DEFAULT(buffered_bytes, 512 * MIB);
    DEFAULT(connections, 512);
    DEFAULT(header_timeout_ns, (uint64_t)10 * SECOND_NS);
    DEFAULT(idle_timeout_ns, (uint64_t)60 * SECOND_NS);
#undef DEFAULT
}

static bool own_text(const char **text)
{
    if (*text != NULL) {
        *text = strdup(*text);
        return *text != NULL;
    }
    return true;
}

static const char **texts_of(struct otlp_receiver_options *options, size_t i)
{
    const char **texts[] = {&options->host,         &options->certificate_file,
                            &options->key_file,     &options->client_ca_file,
                            &options->bearer_token, &options->write_path};
    return i < sizeof texts / sizeof *texts ? texts[i] : NULL;
}

static void free_texts(struct otlp_receiver_options *options)
{
    for (size_t i = 0; texts_of(options, i) != NULL; i++) {
        free((void *)(uintptr_t)*texts_of(options, i));
    }
}

static int copy_options(struct otlp_receiver_options *to, const struct otlp_receiver_options *from)
{
    *to = *from;
    if (to->host == NULL) {
        to->host = "127.0.0.1";
    }
    to->workers = to->workers != 0 ? to->workers : 1;
    fill_in(&to->limits);
    for (size_t i = 0; texts_of(to, i) != NULL; i++) {
        if (!own_text(texts_of(to, i))) {
            for (size_t j = i; texts_of(to, j) != NULL; j++) {
                *texts_of(to, j) = NULL;
            }
            free_texts(to);
            return OTLP_ENOMEM;
        }
    }
    return 0;
}

static const char *wrong_with(const struct otlp_receiver_options *options)
{
    if (options->grpc_port < 0 && options->http_port < 0) {
        return "there is no port to listen on";
    }
    if (options->grpc_port > 65535 || options->http_port > 65535) {
        return "a port is above 65535";
    }
    if (options->workers > 64) {
        return "there are more than 64 workers";
    }
    if ((options->certificate_file == NULL) != (options->key_file == NULL)) {
        return "a certificate needs a key, and a key a certificate";
    }
    if (options->client_ca_file != NULL && options->certificate_file == NULL) {
        return "certificates of clients can be asked for only with a certificate of one's own";
    }
    if ((options->write_path == NULL) != (options->write == OTLP_RECEIVER_WRITE_NONE)) {
        return "a file to write needs a form, and a form a file";
    }
    return NULL;
}

int otlp__rx_service_init(struct rx_service *service, const struct otlp_receiver_options *options,
                          char *message, size_t message_bytes)
{
    memset(service, 0, sizeof *service);
    const char *wrong = wrong_with(options);
    if (wrong != NULL) {
        return otlp__rx_say(OTLP_EINVAL, message, message_bytes, "%s", wrong);
    }
    int rc = copy_options(&service->options, options);
    if (rc != 0) {
        return otlp__rx_say(rc, message, message_bytes, "%s", otlp_error_text(rc));
    }
    rc = otlp__rx_tls_create(&service->options, &service->tls, message, message_bytes);
    if (rc == 0) {
        rc = otlp__rx_writer_open(&service->writer, service->options.write,
                                  service->options.write_path);
        if (rc != 0) {
            otlp__rx_say(rc, message, message_bytes, "%s cannot be written: %s",
                         service->options.write_path, strerror(errno));
        }
    }
    if (rc != 0) {
        SSL_CTX_free(service->tls);
        free_texts(&service->options);
        return rc;
    }
    otlp__rx_faults_init(&service->faults, options->seed);
    return 0;
}

int otlp__rx_service_release(struct rx_service *service)
{
    int rc = otlp__rx_writer_close(&service->writer);
    otlp__rx_faults_release(&service->faults);
    SSL_CTX_free(service->tls);
    free_texts(&service->options);
    return rc;
}

bool otlp__rx_charge(struct rx_service *service, size_t bytes)
{
    atomic_ullong *used = &service->counters.buffered_bytes;
    unsigned long long now = atomic_fetch_add_explicit(used, bytes, memory_order_relaxed) + bytes;
    if (now > service->options.limits.buffered_bytes) {
        atomic_fetch_sub_explicit(used, bytes, memory_order_relaxed);
        return false;
    }
    atomic_ullong *peak = &service->counters.buffered_bytes_peak;
    unsigned long long seen = atomic_load_explicit(peak, memory_order_relaxed);
    while (seen < now && !atomic_compare_exchange_weak_explicit(
                             peak, &seen, now, memory_order_relaxed, memory_order_relaxed)) {
    }
    return true;
}

void otlp__rx_discharge(struct rx_service *service, size_t bytes)
{
    atomic_fetch_sub_explicit(&service->counters.buffered_bytes, bytes, memory_order_relaxed);
}

size_t otlp__rx_budget_left(const struct rx_service *service)
{
    unsigned long long used =
        atomic_load_explicit(&service->counters.buffered_bytes, memory_order_relaxed);
    size_t limit = service->options.limits.buffered_bytes;
    return used < limit ? limit - (size_t)used : 0;
}
