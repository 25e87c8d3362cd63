#include "transport/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "transport/retry.h"
#include "transport/urls.h"

/* What libcurl takes from the body at a time: a usual batch in one piece. */
#define UPLOAD_BYTES (512L * 1024)

/* Memory above this is not kept from one request to the next. */
#define KEEP_BYTES ((size_t)1 << 20)

static size_t on_read(char *to, size_t size, size_t count, void *context)
{
    struct otlp__call *call = context;
    size_t room = size * count;
    size_t copied = 0;
    call->was_read = true;
    if (call->read_bytes < call->prefix_bytes) {
        copied = call->prefix_bytes - call->read_bytes;
        copied = copied < room ? copied : room;
        memcpy(to, call->prefix + call->read_bytes, copied);
        call->read_bytes += copied;
    }
    if (copied < room && call->read_bytes >= call->prefix_bytes) {
        size_t offset = call->read_bytes - call->prefix_bytes;
        size_t left = call->body_bytes - offset;
        left = left < room - copied ? left : room - copied;
        if (left > 0) {
            memcpy(to + copied, call->body + offset, left);
        }
        call->read_bytes += left;
        copied += left;
    }
    return copied;
}

bool otlp__call_may_resend(const struct otlp__call *call)
{
    return call->is_check || call->attempts_max == 0 ||
           call->result.attempts + call->resends < call->attempts_max;
}

/* A kept connection may turn out to be dead: libcurl then sends again from the start. */
static int on_seek(void *context, curl_off_t offset, int origin)
{
    struct otlp__call *call = context;
    if (origin != SEEK_SET || offset < 0 ||
        (size_t)offset > call->prefix_bytes + call->body_bytes) {
        return CURL_SEEKFUNC_FAIL;
    }
    bool is_resend = call->read_bytes > 0 && offset == 0;
    if (is_resend && !otlp__call_may_resend(call)) {
        return CURL_SEEKFUNC_FAIL;
    }
    call->resends += is_resend;
    call->read_bytes = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct otlp__call *call = context;
    otlp__answer_header(&call->answer, line, size * count, otlp__now_unix_ns() / OTLP__SECOND_NS);
    return size * count;
}

static size_t on_write(char *data, size_t size, size_t count, void *context)
{
    struct otlp__call *call = context;
    return otlp__answer_body(&call->answer, data, size * count, call->answer_bytes_max)
               ? size * count
               : 0;
}

static curl_socket_t on_open_socket(void *context, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    struct otlp__call *call = context;
    struct otlp__endpoint_state *endpoint = call->endpoint_state;
    (void)purpose;
    if (call->reuses_only) {
        call->lacked_connection = true;
        return CURL_SOCKET_BAD;
    }
    if (call->opens_connection && !call->has_opened) {
        call->has_opened = true;
        endpoint->opening--;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    endpoint->uses[fd % OTLP__USES] = 0;
    atomic_fetch_add_explicit(&endpoint->connections, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&endpoint->connections_opened, 1, memory_order_relaxed);
    return fd;
}

static int on_close_socket(void *context, curl_socket_t fd)
{
    struct otlp__endpoint_state *endpoint = context;
    atomic_fetch_sub_explicit(&endpoint->connections, 1, memory_order_relaxed);
    return close(fd);
}

/* Collects failures of curl_easy_setopt; all that can fail here is memory. */
#define SET(option, value) (failed |= curl_easy_setopt(easy, (option), (value)) != CURLE_OK)

static bool set_callbacks(struct otlp__call *call)
{
    CURL *easy = call->easy;
    bool failed = false;
    SET(CURLOPT_PRIVATE, call);

    SET(CURLOPT_ERRORBUFFER, call->error);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, call);
    SET(CURLOPT_SEEKFUNCTION, on_seek);
    SET(CURLOPT_SEEKDATA, call);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_WRITEFUNCTION, on_write);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    return !failed;
}

static bool set_tls(CURL *easy, const struct otlp__settings *settings)
{
    bool failed = false;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (settings->ca_file != NULL) {
        SET(CURLOPT_CAINFO, settings->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (settings->certificate_file != NULL) {
        SET(CURLOPT_SSLCERT, settings->certificate_file);
        SET(CURLOPT_SSLKEY, settings->key_file);
    }
    if (settings->options.tls.accept_any_server) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return !failed;
}

/* Whole seconds, rounded up: libcurl knows no finer ones here. */
static long seconds_of(uint64_t duration_ns)
{
    uint64_t seconds = duration_ns / OTLP__SECOND_NS + (duration_ns % OTLP__SECOND_NS != 0);
    return seconds < 1u << 30 ? (long)seconds : 1L << 30;
}

/* Likewise milliseconds, at least one: to libcurl 0 is no limit. */
static long milliseconds_of(uint64_t duration_ns)
{
    uint64_t milliseconds = duration_ns / 1000000u + (duration_ns % 1000000u != 0);
    milliseconds = milliseconds == 0 ? 1 : milliseconds;
    return milliseconds < 1u << 30 ? (long)milliseconds : 1L << 30;
}

static bool set_protocol(CURL *easy, const struct otlp__settings *settings)
{
    bool failed = false;
    bool is_grpc = settings->options.protocol == OTLP_PROTOCOL_GRPC;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_POST, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_USERAGENT, settings->user_agent);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BYTES);
    SET(CURLOPT_MAXAGE_CONN, seconds_of(settings->options.pool.idle_ns));
#if LIBCURL_VERSION_NUM >= 0x075000
    SET(CURLOPT_MAXLIFETIME_CONN, seconds_of(settings->options.pool.lifetime_ns));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    if (settings->options.connect_timeout_ns > 0) {
        SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds_of(settings->options.connect_timeout_ns));
    }
    if (is_grpc) {
        SET(CURLOPT_PIPEWAIT, settings->options.pool.streams_max > 1 ? 1L : 0L);
    } else {
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    }
    return !failed;
}

struct otlp__call *otlp__call_new(const struct otlp__settings *settings)
{
    struct otlp__call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return NULL;
    }
    if (pthread_cond_init(&call->done, NULL) != 0) {
        free(call);
        return NULL;
    }
    call->attempts_max = settings->options.retry.attempts_max;
    call->answer_bytes_max = settings->options.response_bytes_max;
    call->easy = curl_easy_init();
    if (call->easy == NULL || !set_callbacks(call) || !set_tls(call->easy, settings) ||
        !set_protocol(call->easy, settings)) {
        otlp__call_free(call);
        return NULL;
    }
    otlp__call_reset(call);
    return call;
}

void otlp__call_free(struct otlp__call *call)
{
    if (call == NULL) {
        return;
    }
    curl_easy_cleanup(call->easy);
    otlp_buffer_release(&call->squeezed);
    otlp__answer_release(&call->answer);
    free(call->authorization_line);
    pthread_cond_destroy(&call->done);
    free(call);
}

static void shrink(struct otlp_buffer *buffer)
{
    buffer->len = 0;
    if (buffer->capacity > KEEP_BYTES) {
        otlp_buffer_release(buffer);
    }
}

void otlp__call_reset(struct otlp__call *call)
{
    otlp__answer_clear(&call->answer);
    shrink(&call->answer.body);
    shrink(&call->squeezed);
    call->next = NULL;
    call->items = 0;
    call->payload_bytes = 0;
    call->body = NULL;
    call->body_bytes = 0;
    call->prefix_bytes = 0;
    call->compression = OTLP_COMPRESSION_NONE;
    call->only = OTLP__NO_ENDPOINT;
    call->endpoint = OTLP__NO_ENDPOINT;
    call->tried = 0;
    call->failures = 0;
    call->floor_ns = 0;
    call->is_check = false;
    call->is_detached = false;
    call->must_open = false;
    call->was_started_over = false;
    call->opens_connection = false;
    call->has_opened = false;
    call->lacked_connection = false;
    call->is_done = false;
    call->result = (struct otlp_export_result){.status = -1};
}

static void add_line(struct otlp__call *call, size_t *count, char *line)
{
    call->lines[*count].data = line;
    (*count)++;
}

/* Headers of this attempt, chained before those of every attempt. */
static int chain_headers(struct otlp__call *call, const struct otlp__settings *settings,
                         const char *token, uint64_t timeout_ns, struct curl_slist **head)
{
    bool is_grpc = settings->options.protocol == OTLP_PROTOCOL_GRPC;
    size_t count = 0;
    if (is_grpc) {
        char timeout[16];
        otlp__grpc_timeout(timeout_ns, timeout);
        snprintf(call->timeout_line, sizeof call->timeout_line, "grpc-timeout: %s", timeout);
        add_line(call, &count, call->timeout_line);
    }
    if (call->compression != OTLP_COMPRESSION_NONE) {
        snprintf(call->encoding_line, sizeof call->encoding_line, "%s: %s",
                 is_grpc ? "grpc-encoding" : "content-encoding",
                 otlp_compression_name(call->compression));
        add_line(call, &count, call->encoding_line);
    }
    free(call->authorization_line);
    call->authorization_line = NULL;
    if (token != NULL) {
        if (asprintf(&call->authorization_line, "authorization: Bearer %s", token) < 0) {
            call->authorization_line = NULL;
            return OTLP_ENOMEM;
        }
        add_line(call, &count, call->authorization_line);
    }
    for (size_t i = 0; i < count; i++) {
        call->lines[i].next = i + 1 < count ? &call->lines[i + 1] : settings->headers;
    }
    *head = count > 0 ? call->lines : settings->headers;
    return 0;
}

int otlp__call_prepare(struct otlp__call *call, const struct otlp__settings *settings,
                       struct otlp__endpoint_state *endpoint, size_t index, const char *token,
                       uint64_t timeout_ns)
{
    CURL *easy = call->easy;
    bool failed = false;
    const struct otlp__target *target = &settings->targets[index];
    struct curl_slist *headers;
    int error = chain_headers(call, settings, token, timeout_ns, &headers);
    if (error != 0) {
        return error;
    }
    otlp__answer_clear(&call->answer);
    call->error[0] = '\0';
    call->endpoint_state = endpoint;
    call->has_opened = false;
    call->lacked_connection = false;
    call->was_read = false;
    call->resends = 0;
    call->reuses_only = target->opens_by_order && !call->opens_connection;
    call->read_bytes = 0;
    SET(CURLOPT_URL, target->request_url[call->signal]);
    SET(CURLOPT_PROXY, target->is_direct ? "" : NULL);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(call->prefix_bytes + call->body_bytes));
    SET(CURLOPT_TIMEOUT_MS, milliseconds_of(timeout_ns));
    SET(CURLOPT_FRESH_CONNECT, call->opens_connection ? 1L : 0L);
    SET(CURLOPT_OPENSOCKETDATA, call);
    SET(CURLOPT_CLOSESOCKETDATA, endpoint);
    if (settings->options.protocol == OTLP_PROTOCOL_GRPC) {
        bool is_new = !otlp__url_is_https(target->url) && !call->reuses_only;
        SET(CURLOPT_HTTP_VERSION,
            is_new ? (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : (long)CURL_HTTP_VERSION_2TLS);
    }
    return failed ? OTLP_ENOMEM : 0;
}
