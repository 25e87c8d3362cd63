/*
 * The receiver's request path, fed from memory: a connection without a socket. Include targets.h
 * first.
 */
#ifndef TESTS_FUZZ_RECEIVER_TARGET_H
#define TESTS_FUZZ_RECEIVER_TARGET_H

#include "otlp/receiver/conn.h"

/* A receiver with small limits, of which a connection at a time is used. */
struct memory_receiver {
    struct rx_service service;
    struct rx_scratch scratch;
    struct event_base *base;
    struct rx_conn *connections;
};

static inline void memory_receiver_make(struct memory_receiver *receiver,
                                        const struct otlp_receiver_options *options)
{
    char message[256];
    receiver->connections = NULL;
    receiver->base = event_base_new();
    REQUIRE(receiver->base != NULL);
    REQUIRE(otlp__rx_service_init(&receiver->service, options, message, sizeof message) == 0);
    otlp__rx_scratch_init(&receiver->scratch, &receiver->service);
}

static inline void memory_receiver_release(struct memory_receiver *receiver)
{
    otlp__rx_scratch_release(&receiver->scratch);
    REQUIRE(otlp__rx_service_release(&receiver->service) == 0);
    event_base_free(receiver->base);
}

/* NULL: out of memory. */
static inline struct rx_conn *memory_receiver_connect(struct memory_receiver *receiver,
                                                      bool grpc_only)
{
    atomic_fetch_add(&receiver->service.counters.connections_open, 1);
    struct rx_conn *conn = otlp__rx_conn_new(&receiver->connections, receiver->base,
                                             &receiver->scratch, -1, grpc_only, false);
    if (conn == NULL) {
        atomic_fetch_sub(&receiver->service.counters.connections_open, 1);
    }
    return conn;
}

/* Bytes come, as many at once as `piece` says; false: the connection has ended. */
static inline bool memory_receiver_feed(struct memory_receiver *receiver, const uint8_t *data,
                                        size_t len, size_t piece)
{
    while (len > 0 && receiver->connections != NULL) {
        size_t part = len < piece ? len : piece;
        otlp__rx_conn_take(receiver->connections, data, part);
        otlp__rx_conn_settle(receiver->connections);
        data += part;
        len -= part;
    }
    return receiver->connections != NULL;
}

/* Nothing may be left of a connection that is gone. */
static inline void memory_receiver_hang_up(struct memory_receiver *receiver)
{
    if (receiver->connections != NULL) {
        otlp__rx_conn_free(receiver->connections);
    }
    REQUIRE(receiver->connections == NULL);
    REQUIRE(atomic_load(&receiver->service.counters.buffered_bytes) == 0);
    REQUIRE(atomic_load(&receiver->service.counters.connections_open) == 0);
    REQUIRE(atomic_load(&receiver->service.counters.buffered_bytes_peak) <=
            receiver->service.options.limits.buffered_bytes);
}

/*
 * The first byte: bit 0 the port of gRPC, bit 1 a preface of HTTP/2 and its SETTINGS come before,
 * bit 2 the connection is drained in the middle; bits 3 to 7 the bytes that come at once, 0 for
 * all.
 */
static inline void fuzz_receiver(const uint8_t *data, size_t len)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    static const struct otlp_receiver_options options = {
        .limits = {.body_bytes = 4096,
                   .decompressed_bytes = 16384,
                   .header_bytes = 1024,
                   .buffered_bytes = (size_t)4 * 1024 * 1024}};
    struct memory_receiver receiver;
    if (len == 0) {
        return;
    }
    memory_receiver_make(&receiver, &options);
    REQUIRE(memory_receiver_connect(&receiver, (data[0] & 1) != 0) != NULL);
    if ((data[0] & 2) != 0) {
        memory_receiver_feed(&receiver, (const uint8_t *)preface, sizeof preface - 1, SIZE_MAX);
    }
    size_t piece = data[0] >> 3 != 0 ? data[0] >> 3 : SIZE_MAX;
    size_t half = len / 2;
    memory_receiver_feed(&receiver, data + 1, half > 0 ? half - 1 : 0, piece);
    if ((data[0] & 4) != 0 && receiver.connections != NULL) {
        otlp__rx_conn_drain(receiver.connections);
    }
    memory_receiver_feed(&receiver, data + (half > 0 ? half : 1), len - (half > 0 ? half : 1),
                         piece);
    memory_receiver_hang_up(&receiver);
    memory_receiver_release(&receiver);
}

#endif
