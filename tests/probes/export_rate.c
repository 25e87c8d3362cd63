/*
 * How many spans a second one exporter brings to a receiver.
 *
 *   export_rate [--protocol grpc|http/protobuf|http/json] [--compression none|gzip|zstd|br]
 *               [--level N] [--adaptive] [--senders N] [--connections N] [--streams N] [--spans N]
 *               [--attributes N] [--seconds S] [--requests N] [--retry-ms N] URL
 *
 * Prebuilt requests of 512 spans with 10 attributes each, sixteen different ones in turn, are sent
 * by `senders` threads at once through one exporter for about S seconds. Prints one line: spans,
 * bytes of payload and of bodies, and requests a second, the CPU time of this process, its peak
 * memory, and what was not delivered. Exit status 1 when anything was not.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <otlp.h>

#include "suites/common/telemetry.h"

#define REQUESTS    16
#define SENDERS_MAX 256

struct run {
    struct otlp_transport_options options;
    struct otlp_endpoint endpoint;
    size_t senders;
    size_t spans;
    int attributes;
    double seconds;
    size_t requests_max;
    struct otlp_buffer requests[REQUESTS];
    struct otlp_exporter *exporter;
    uint64_t end_ns;
    atomic_size_t next;
    atomic_size_t failures;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *send_all(void *context)
{
    struct run *run = context;
    size_t index;
    while (now_ns() < run->end_ns &&
           (index = atomic_fetch_add(&run->next, 1)) < run->requests_max) {
        const struct otlp_buffer *bytes = &run->requests[index % REQUESTS];
        struct otlp_export request = {.signal = OTLP_TRACES,
                                      .data = bytes->data,
                                      .data_len = bytes->len,
                                      .items = run->spans};
        struct otlp_export_result result;
        if (otlp_exporter_send(run->exporter, &request, &result) != OTLP_EXPORT_DELIVERED &&
            atomic_fetch_add(&run->failures, 1) == 0) {
            fprintf(stderr, "export_rate: %s: %s\n", otlp_export_outcome_name(result.outcome),
                    result.message);
        }
    }
    return NULL;
}

static bool parse_protocol(struct run *run, const char *name)
{
    for (int i = 0; i < OTLP_PROTOCOL_COUNT; i++) {
        if (strcmp(name, otlp_protocol_name((enum otlp_protocol)i)) == 0) {
            run->options.protocol = (enum otlp_protocol)i;
            return true;
        }
    }
    return false;
}

static bool parse_number(struct run *run, int option, const char *text)
{
    char *end;
    double number = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || !(number >= 0 && number < 1e9)) {
        return false;
    }
    switch (option) {
    case 'l':
        run->options.compression.level = (int)number;
        break;
    case 's':
        run->senders = (size_t)number;
        break;
    case 'n':
        run->options.pool.connections_max = (uint32_t)number;
        break;
    case 'm':
        run->options.pool.streams_max = (uint32_t)number;
        break;
    case 'b':
        run->spans = (size_t)number;
        break;
    case 'k':
        run->attributes = (int)number;
        break;
    case 't':
        run->seconds = number;
        break;
    case 'r':
        run->requests_max = (size_t)number;
        break;
    case 'w':
        run->options.retry.first_ns = (uint64_t)(number * 1e6);
        break;
    default:
        return false;
    }
    return true;
}

static bool parse(struct run *run, int argc, char **argv)
{
    static const struct option options[] = {{"protocol", required_argument, NULL, 'p'},
                                            {"compression", required_argument, NULL, 'c'},
                                            {"level", required_argument, NULL, 'l'},
                                            {"adaptive", no_argument, NULL, 'a'},
                                            {"senders", required_argument, NULL, 's'},
                                            {"connections", required_argument, NULL, 'n'},
                                            {"streams", required_argument, NULL, 'm'},
                                            {"spans", required_argument, NULL, 'b'},
                                            {"attributes", required_argument, NULL, 'k'},
                                            {"seconds", required_argument, NULL, 't'},
                                            {"requests", required_argument, NULL, 'r'},
                                            {"retry-ms", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    int option;
    bool is_good = true;
    while (is_good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p') {
            is_good = parse_protocol(run, optarg);
        } else if (option == 'c') {
            is_good = otlp_compression_from_name(optarg, strlen(optarg),
                                                 &run->options.compression.algorithm) == 0;
        } else if (option == 'a') {
            run->options.compression_is_adaptive = true;
        } else {
            is_good = optarg != NULL && parse_number(run, option, optarg);
        }
    }
    run->endpoint.url = argv[optind];
    return is_good && optind + 1 == argc && run->senders >= 1 && run->senders <= SENDERS_MAX;
}

static int make_requests(struct run *run)
{
    struct telemetry *telemetry = telemetry_new(1);
    int error = telemetry == NULL ? OTLP_ENOMEM : 0;
    for (size_t i = 0; i < REQUESTS && error == 0; i++) {
        error = telemetry_request(telemetry, OTLP_TRACES, run->spans, run->attributes,
                                  &run->requests[i]);
    }
    telemetry_free(telemetry);
    return error;
}

static void print(const struct run *run, double seconds)
{
    struct otlp_transport_metrics metrics;
    struct rusage usage;
    otlp_transport_metrics(run->exporter, &metrics);
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf(
        "%s %s: %.0f spans/s, %.0f requests/s, %.0f MB/s of payload, %.0f MB/s sent, %.0f%% of a "
        "CPU, %.1f MiB at most, %zu-byte requests, %llu connections, %llu spans, %llu retries, %zu "
        "not delivered\n",
        otlp_protocol_name(run->options.protocol),
        run->options.compression_is_adaptive
            ? "adaptive"
            : otlp_compression_name(run->options.compression.algorithm),
        (double)metrics.items_delivered / seconds,
        (double)metrics.exports[OTLP_EXPORT_DELIVERED] / seconds,
        (double)metrics.payload_bytes / 1e6 / seconds, (double)metrics.wire_bytes / 1e6 / seconds,
        100 * cpu / seconds, (double)usage.ru_maxrss / 1024, run->requests[0].len,
        (unsigned long long)metrics.connections_opened, (unsigned long long)metrics.items_delivered,
        (unsigned long long)metrics.retries, (size_t)run->failures);
}

int main(int argc, char **argv)
{
    static struct run run = {
        .senders = 4, .spans = 512, .attributes = 10, .seconds = 3, .requests_max = SIZE_MAX};
    pthread_t threads[SENDERS_MAX];
    if (!parse(&run, argc, argv)) {
        fprintf(stderr, "usage: export_rate [OPTION...] URL (see the top of export_rate.c)\n");
        return 2;
    }
    run.options.endpoints = &run.endpoint;
    run.options.endpoint_count = 1;
    int error = make_requests(&run);
    if (error == 0) {
        error = otlp_transport_create(&run.options, &run.exporter);
    }
    if (error != 0) {
        fprintf(stderr, "export_rate: %s\n", otlp_error_text(error));
        return 2;
    }
    uint64_t began_ns = now_ns();
    run.end_ns = began_ns + (uint64_t)(run.seconds * 1e9);
    for (size_t i = 0; i < run.senders; i++) {
        if (pthread_create(&threads[i], NULL, send_all, &run) != 0) {
            return 2;
        }
    }
    for (size_t i = 0; i < run.senders; i++) {
        pthread_join(threads[i], NULL);
    }
    print(&run, (double)(now_ns() - began_ns) / 1e9);
    otlp_exporter_shutdown(run.exporter, 1000000000u);
    otlp_exporter_free(run.exporter);
    for (size_t i = 0; i < REQUESTS; i++) {
        otlp_buffer_release(&run.requests[i]);
    }
    return run.failures > 0;
}
