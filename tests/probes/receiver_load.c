/*
 * Question: how many spans a second does the receiver take, with its checks on?
 *
 * Method: a receiver with one thread, and this thread, which sends it one prebuilt request again
 * and again by bare sockets over loopback, four connections with a request in flight on each. The
 * request holds 512 spans of 10 attributes. Kinds take turns, round after round, so that what
 * disturbs one disturbs all. For each: spans a second of wall time (the best round and the middle
 * one), spans a second of the receiver thread's own CPU time, and that as a part of what the check
 * alone takes. Then the most memory that the process ever held.
 *
 * What would make the numbers wrong: a client that costs more than the receiver (it does nothing
 * but write and read; its share is in the difference between wall and CPU time), fewer than two
 * free CPUs, and a request that fits into a window or a buffer (it does not).
 *
 *     receiver_load [SECONDS]     of each round of each kind; 0.3 by default
 */
#include <otlp/compress.h>
#include <otlp/decode.h>
#include <otlp/receiver.h>

#include "suites/common/telemetry.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SPANS       512
#define ATTRIBUTES  10
#define CONNECTIONS 4
#define ROUNDS      7
#define KINDS       3
#define FRAME_BYTES 16384

struct kind {
    const char *name;
    bool is_grpc;
    int port;
    struct otlp_buffer request; /* for HTTP: all of it */
    int sockets[CONNECTIONS];
    uint32_t stream_ids[CONNECTIONS];
    double wall[ROUNDS];   /* spans a second */
    double thread[ROUNDS]; /* likewise, of the receiver's CPU time */
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* CPU time of all other threads: of the receiver's. */
static double receiver_seconds(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID) - seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

static void append(struct otlp_buffer *out, const void *data, size_t len)
{
    if (otlp_buffer_reserve(out, len) != 0) {
        die("memory");
    }
    memcpy(out->data + out->len, data, len);
    out->len += len;
}

static void append_frame(struct otlp_buffer *out, uint8_t type, uint8_t flags, uint32_t stream,
                         const void *data, size_t len)
{
    const uint8_t head[9] = {(uint8_t)(len >> 16),
                             (uint8_t)(len >> 8),
                             (uint8_t)len,
                             type,
                             flags,
                             (uint8_t)(stream >> 24),
                             (uint8_t)(stream >> 16),
                             (uint8_t)(stream >> 8),
                             (uint8_t)stream};
    append(out, head, sizeof head);
    append(out, data, len);
}

/* A literal without indexing, so that no table changes. */
static void append_field(struct otlp_buffer *out, const char *name, const char *value)
{
    const uint8_t name_head[2] = {0, (uint8_t)strlen(name)};
    const uint8_t value_len = (uint8_t)strlen(value);
    append(out, name_head, 2);
    append(out, name, strlen(name));
    append(out, &value_len, 1);
    append(out, value, value_len);
}

static void build_http(struct otlp_buffer *out, const struct otlp_buffer *body,
                       const char *encoding)
{
    char head[256];
    int len = snprintf(head, sizeof head,
                       "POST /v1/traces HTTP/1.1\r\nhost: 127.0.0.1\r\n"
                       "content-type: application/x-protobuf\r\ncontent-encoding: %s\r\n"
                       "content-length: %zu\r\n\r\n",
                       encoding, body->len);
    append(out, head, (size_t)len);
    append(out, body->data, body->len);
}

static void build_zstd(struct otlp_buffer *out, const struct otlp_buffer *body)
{
    struct otlp_compressor_options options = {.algorithm = OTLP_COMPRESSION_ZSTD, .level = 1};
    struct otlp_compressor *compressor;
    struct otlp_buffer compressed = {0};
    if (otlp_compressor_create(&options, &compressor) != 0 ||
        otlp_compress_append(compressor, body->data, body->len, &compressed) != 0) {
        die("zstd");
    }
    build_http(out, &compressed, "zstd");
    otlp_compressor_free(compressor);
    otlp_buffer_release(&compressed);
}

/* The frames of a call on stream 0; send_grpc() writes the right one into each. */
static void build_grpc(struct otlp_buffer *out, const struct otlp_buffer *body)
{
    struct otlp_buffer fields = {0};
    append_field(&fields, ":method", "POST");
    append_field(&fields, ":scheme", "http");
    append_field(&fields, ":path", "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    append_field(&fields, ":authority", "127.0.0.1");
    append_field(&fields, "te", "trailers");
    append_field(&fields, "content-type", "application/grpc");
    append_frame(out, 1, 4, 0, fields.data, fields.len);
    struct otlp_buffer message = {0};
    const uint8_t prefix[5] = {0, (uint8_t)(body->len >> 24), (uint8_t)(body->len >> 16),
                               (uint8_t)(body->len >> 8), (uint8_t)body->len};
    append(&message, prefix, sizeof prefix);
    append(&message, body->data, body->len);
    for (size_t at = 0; at < message.len; at += FRAME_BYTES) {
        size_t len = message.len - at < FRAME_BYTES ? message.len - at : FRAME_BYTES;
        append_frame(out, 0, at + len == message.len, 0, message.data + at, len);
    }
    otlp_buffer_release(&fields);
    otlp_buffer_release(&message);
}

static void write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            die("send");
        }
        data += sent;
        len -= (size_t)sent;
    }
}

static void read_all(int fd, uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t got = recv(fd, data, len, 0);
        if (got <= 0) {
            die("recv");
        }
        data += got;
        len -= (size_t)got;
    }
}

static void send_request(struct kind *kind, int i)
{
    if (kind->is_grpc) {
        uint32_t id = kind->stream_ids[i] += 2;
        for (size_t at = 0; at < kind->request.len;) {
            uint8_t *head = kind->request.data + at;
            for (int byte = 0; byte < 4; byte++) {
                head[5 + byte] = (uint8_t)(id >> (24 - 8 * byte));
            }
            at += 9 + ((size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2]);
        }
    }
    write_all(kind->sockets[i], kind->request.data, kind->request.len);
}

static void read_http(int fd)
{
    char text[512] = "";
    size_t len = 0;
    while (len < 4 || memcmp(text + len - 4, "\r\n\r\n", 4) != 0) {
        ssize_t got = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (got <= 0) {
            die("recv");
        }
        len += (size_t)got;
    }
    if (memcmp(text, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "receiver_load: %.40s\n", text);
        exit(1);
    }
}

/* Up to the trailers, which have END_STREAM and are no error of the stream. */
static void read_grpc(int fd)
{
    uint8_t head[9] = {0};
    uint8_t payload[1024] = {0};
    bool has_data = false;
    while (true) {
        read_all(fd, head, sizeof head);
        size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        read_all(fd, payload, len < sizeof payload ? len : sizeof payload);
        has_data = has_data || head[3] == 0;
        if (head[3] == 1 && (head[4] & 1) != 0) {
            break;
        }
        if (head[3] == 3 || head[3] == 7) {
            fprintf(stderr, "receiver_load: frame of type %d, error %u\n", head[3], payload[3]);
            exit(1);
        }
    }
    if (!has_data) {
        fprintf(stderr, "receiver_load: the call failed\n");
        exit(1);
    }
}

static void read_answer(const struct kind *kind, int i)
{
    if (kind->is_grpc) {
        read_grpc(kind->sockets[i]);
    } else {
        read_http(kind->sockets[i]);
    }
}

static void connect_to(struct kind *kind)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)kind->port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    for (int i = 0; i < CONNECTIONS; i++) {
        int yes = 1;
        kind->sockets[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (kind->sockets[i] < 0 ||
            connect(kind->sockets[i], (struct sockaddr *)&address, sizeof address) != 0) {
            die("connect");
        }
        setsockopt(kind->sockets[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        kind->stream_ids[i] = (uint32_t)-1;
        if (kind->is_grpc) {
            static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
            struct otlp_buffer hello = {0};
            append(&hello, preface, sizeof preface - 1);
            append_frame(&hello, 4, 0, 0, "", 0);
            append_frame(&hello, 8, 0, 0, "\x3f\xff\x00\x00", 4);
            append_frame(&hello, 4, 1, 0, "", 0); /* what it acknowledges comes before the answer */
            write_all(kind->sockets[i], hello.data, hello.len);
            otlp_buffer_release(&hello);
        }
    }
}

static void run_round(struct kind *kind, int round, double seconds)
{
    double cpu = receiver_seconds();
    double began = seconds_of(CLOCK_MONOTONIC);
    double now = began;
    size_t requests = 0;
    for (int i = 0; i < CONNECTIONS; i++) {
        send_request(kind, i);
    }
    for (int i = 0; now - began < seconds; i = (i + 1) % CONNECTIONS) {
        read_answer(kind, i);
        send_request(kind, i);
        requests++;
        now = seconds_of(CLOCK_MONOTONIC);
        if (now - began >= seconds) {
            /* The others are answered in their order. */
            for (int j = 1; j <= CONNECTIONS; j++) {
                read_answer(kind, (i + j) % CONNECTIONS);
                requests++;
            }
        }
    }
    now = seconds_of(CLOCK_MONOTONIC);
    kind->wall[round] = (double)requests * SPANS / (now - began);
    kind->thread[round] = (double)requests * SPANS / (receiver_seconds() - cpu);
}

static double run_check(const struct otlp_buffer *body, double seconds)
{
    double began = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    double now = began;
    size_t requests = 0;
    while (now - began < seconds) {
        size_t items = 0;
        for (int i = 0; i < 16; i++) {
            if (otlp_request_check(OTLP_TRACES, body->data, body->len, 0, &items) != 0 ||
                items != SPANS) {
                fprintf(stderr, "receiver_load: the request is not what it should be\n");
                exit(1);
            }
        }
        requests += 16;
        now = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    }
    return (double)requests * SPANS / (now - began);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

static void report(struct kind *kind, double check)
{
    double wall = middle(kind->wall);
    double thread = middle(kind->thread);
    printf("%-14s %6.2f M spans/s (best %.2f), %6.2f M spans a CPU second of the receiver, "
           "%.2f of the check alone\n",
           kind->name, wall * 1e-6, kind->wall[ROUNDS - 1] * 1e-6, thread * 1e-6, thread / check);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.3;
    struct otlp_receiver_options options = {0};
    struct otlp_receiver *receiver;
    char message[256];
    struct telemetry *telemetry = telemetry_new(1);
    struct otlp_buffer body = {0};
    if (telemetry == NULL ||
        telemetry_request(telemetry, OTLP_TRACES, SPANS, ATTRIBUTES, &body) != 0 ||
        otlp_receiver_start(&options, &receiver, message, sizeof message) != 0) {
        fprintf(stderr, "receiver_load: it cannot start\n");
        return 1;
    }
    telemetry_free(telemetry);
    struct kind kinds[KINDS] = {
        {.name = "http/protobuf", .port = otlp_receiver_http_port(receiver)},
        {.name = "grpc", .is_grpc = true, .port = otlp_receiver_grpc_port(receiver)},
        {.name = "http, zstd 1", .port = otlp_receiver_http_port(receiver)}};
    build_http(&kinds[0].request, &body, "identity");
    build_grpc(&kinds[1].request, &body);
    build_zstd(&kinds[2].request, &body);
    double check[ROUNDS];
    for (int i = 0; i < KINDS; i++) {
        connect_to(&kinds[i]);
        run_round(&kinds[i], 0, seconds); /* to warm up */
    }
    for (int round = 0; round < ROUNDS; round++) {
        check[round] = run_check(&body, seconds / 2);
        for (int i = 0; i < KINDS; i++) {
            run_round(&kinds[i], round, seconds);
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%zu bytes a request of %d spans\n", body.len, SPANS);
    double alone = middle(check);
    printf("%-14s %6.2f M spans a CPU second\n", "check alone", alone * 1e-6);
    for (int i = 0; i < KINDS; i++) {
        report(&kinds[i], alone);
    }
    printf("most memory    %6.1f MiB, client and receiver\n", (double)usage.ru_maxrss / 1024);
    for (int i = 0; i < KINDS; i++) {
        for (int j = 0; j < CONNECTIONS; j++) {
            close(kinds[i].sockets[j]);
        }
        otlp_buffer_release(&kinds[i].request);
    }
    otlp_buffer_release(&body);
    return otlp_receiver_stop(receiver, 1000000000u, NULL) == 0 ? 0 : 1;
}
