/*
 * Sends telemetry of every kind through the exporter that the command line describes, for tests
 * against receivers that are not ours. Prints a line of JSON a span with its ids, and one a request
 * with its outcome.
 */
#include "specimens.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADERS_MAX 8
#define MS          UINT64_C(1000000)

enum { EXIT_DELIVERED = 0, EXIT_NOT_DELIVERED = 1, EXIT_USAGE = 2 };

struct arguments {
    struct otlp_transport_options transport;
    struct otlp_endpoint endpoint;
    struct otlp_request_header headers[HEADERS_MAX];
    const char *case_name;
    const char *dump_folder;
    size_t extra_spans;
    size_t padding_bytes;
    unsigned signals; /* 1 << OTLP_TRACES and so on */
};

static _Noreturn void usage(const char *what, const char *value)
{
    fprintf(stderr, "interop_send: %s %s\n", what, value);
    exit(EXIT_USAGE);
}

static uint64_t parse_number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-') {
        usage("not a number:", text);
    }
    return number;
}

static enum otlp_protocol parse_protocol(const char *text)
{
    for (int i = 0; i < OTLP_PROTOCOL_COUNT; i++) {
        if (strcmp(text, otlp_protocol_name((enum otlp_protocol)i)) == 0) {
            return (enum otlp_protocol)i;
        }
    }
    usage("there is no protocol", text);
}

static unsigned parse_signal(const char *text)
{
    for (int i = 0; i < OTLP_SIGNAL_COUNT; i++) {
        if (strcmp(text, otlp_signal_name((enum otlp_signal)i)) == 0) {
            return 1u << i;
        }
    }
    usage("there is no signal", text);
}

/* NAME=VALUE, whose text is cut in two. */
static void add_header(struct arguments *arguments, char *text)
{
    char *middle = strchr(text, '=');
    if (middle == NULL || arguments->transport.header_count == HEADERS_MAX) {
        usage("no header, or one too many:", text);
    }
    *middle = '\0';
    arguments->headers[arguments->transport.header_count++] =
        (struct otlp_request_header){.name = text, .value = middle + 1};
}

enum option_id {
    PROTOCOL = 256,
    ENDPOINT,
    COMPRESSION,
    CASE,
    HEADER,
    BEARER,
    CA,
    CERT,
    KEY,
    TIMEOUT,
    RETRY_FIRST,
    ATTEMPTS,
    SIGNAL,
    SPANS,
    PADDING,
    DUMP,
};

static const struct option known[] = {
    {"protocol", required_argument, NULL, PROTOCOL},
    {"endpoint", required_argument, NULL, ENDPOINT},
    {"compression", required_argument, NULL, COMPRESSION},
    {"case", required_argument, NULL, CASE},
    {"header", required_argument, NULL, HEADER},
    {"bearer", required_argument, NULL, BEARER},
    {"ca", required_argument, NULL, CA},
    {"cert", required_argument, NULL, CERT},
    {"key", required_argument, NULL, KEY},
    {"timeout-ms", required_argument, NULL, TIMEOUT},
    {"retry-first-ms", required_argument, NULL, RETRY_FIRST},
    {"attempts", required_argument, NULL, ATTEMPTS},
    {"signal", required_argument, NULL, SIGNAL},
    {"spans", required_argument, NULL, SPANS},
    {"padding", required_argument, NULL, PADDING},
    {"dump", required_argument, NULL, DUMP},
    {NULL, 0, NULL, 0},
};

static void take_number(struct arguments *arguments, int option, uint64_t number)
{
    switch (option) {
    case TIMEOUT:
        arguments->transport.timeout_ns = number * MS;
        return;
    case RETRY_FIRST:
        arguments->transport.retry.first_ns = number * MS;
        arguments->transport.retry.cap_ns = number * MS;
        arguments->transport.retry.jitter = -1;
        return;
    case ATTEMPTS:
        arguments->transport.retry.attempts_max = (uint32_t)number;
        return;
    case SPANS:
        arguments->extra_spans = (size_t)number;
        return;
    default:
        arguments->padding_bytes = (size_t)number;
    }
}

static void take(struct arguments *arguments, int option, char *text)
{
    struct otlp_transport_options *transport = &arguments->transport;
    switch (option) {
    case PROTOCOL:
        transport->protocol = parse_protocol(text);
        return;
    case ENDPOINT:
        arguments->endpoint.url = text;
        return;
    case COMPRESSION:
        if (otlp_compression_from_name(text, strlen(text), &transport->compression.algorithm) !=
            0) {
            usage("there is no compression", text);
        }
        return;
    case CASE:
        arguments->case_name = text;
        return;
    case HEADER:
        add_header(arguments, text);
        return;
    case BEARER:
        transport->bearer_token = text;
        return;
    case CA:
        transport->tls.ca_file = text;
        return;
    case CERT:
        transport->tls.certificate_file = text;
        return;
    case KEY:
        transport->tls.key_file = text;
        return;
    case SIGNAL:
        arguments->signals |= parse_signal(text);
        return;
    case DUMP:
        arguments->dump_folder = text;
        return;
    default:
        take_number(arguments, option, parse_number(text));
    }
}

static void parse(int count, char **words, struct arguments *arguments)
{
    *arguments = (struct arguments){.case_name = ""};
    int option;
    while ((option = getopt_long(count, words, "", known, NULL)) != -1) {
        if (option == '?') {
            exit(EXIT_USAGE);
        }
        take(arguments, option, optarg);
    }
    if (optind < count) {
        usage("not an option:", words[optind]);
    }
    if (arguments->endpoint.url != NULL) {
        arguments->transport.endpoints = &arguments->endpoint;
        arguments->transport.endpoint_count = 1;
    }
    arguments->transport.headers = arguments->headers;
    if (arguments->signals == 0) {
        arguments->signals = (1u << OTLP_SIGNAL_COUNT) - 1;
    }
}

static int encode(enum otlp_signal signal, enum otlp_encoding encoding,
                  const struct specimens *specimens, struct otlp_buffer *out, size_t *items)
{
    const struct otlp_resource *resource = &specimens->resource;
    const struct otlp_scope *scope = &specimens->scope;
    bool is_json = encoding == OTLP_ENCODING_JSON;
    size_t count;
    if (signal == OTLP_TRACES) {
        const struct otlp_span *const *spans = (const struct otlp_span *const *)specimens->spans;
        *items = specimens->span_count;
        return is_json ? otlp_json_encode_spans(resource, scope, spans, *items, out)
                       : otlp_encode_spans(resource, scope, spans, *items, out);
    }
    if (signal == OTLP_LOGS) {
        const struct otlp_log_record *records = specimens_logs(items);
        return is_json ? otlp_json_encode_logs(resource, scope, records, *items, out)
                       : otlp_encode_logs(resource, scope, records, *items, out);
    }
    const struct otlp_metric *metrics = specimens_metrics(&count);
    *items = 0;
    for (size_t i = 0; i < count; i++) {
        *items += metrics[i].point_count;
    }
    return is_json ? otlp_json_encode_metrics(resource, scope, metrics, count, out)
                   : otlp_encode_metrics(resource, scope, metrics, count, out);
}

static void print_text(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\' || byte < 0x20) {
            printf("\\u%04x", byte);
        } else {
            putchar(byte);
        }
    }
    putchar('"');
}

static void print_ids(const struct specimens *specimens)
{
    for (size_t i = 0; i < specimens->span_count; i++) {
        const struct otlp_span_context *context = otlp_span_get_context(specimens->spans[i]);
        char trace[OTLP_TRACE_ID_HEX];
        char span[OTLP_SPAN_ID_HEX];
        otlp_trace_id_to_hex(context->trace_id, trace);
        otlp_span_id_to_hex(context->span_id, span);
        printf("{\"trace_id\":\"%.*s\",\"span_id\":\"%.*s\"}\n", OTLP_TRACE_ID_HEX, trace,
               OTLP_SPAN_ID_HEX, span);
    }
}

static void print_result(const struct otlp_export *request, const struct otlp_export_result *result)
{
    printf("{\"signal\":\"%s\",\"outcome\":\"%s\",\"items\":%zu,\"bytes\":%zu,\"rejected\":%zu,"
           "\"attempts\":%" PRIu32 ",\"status\":%d,\"message\":",
           otlp_signal_name(request->signal), otlp_export_outcome_name(result->outcome),
           request->items, request->data_len, result->rejected, result->attempts, result->status);
    print_text(result->message);
    printf("}\n");
    fflush(stdout);
}

/* The request as a file, for other programs to send. */
static bool dump(const char *folder, enum otlp_encoding encoding, const struct otlp_export *request)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", folder, otlp_signal_name(request->signal),
             encoding == OTLP_ENCODING_JSON ? "json" : "pb");
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    bool is_written = fwrite(request->data, 1, request->data_len, file) == request->data_len;
    return fclose(file) == 0 && is_written;
}

/* Both encodings of each signal, without sending. */
static int dump_all(const struct arguments *arguments, const struct specimens *specimens)
{
    for (int signal = 0; signal < OTLP_SIGNAL_COUNT; signal++) {
        for (int encoding = OTLP_ENCODING_PROTOBUF; encoding <= OTLP_ENCODING_JSON; encoding++) {
            struct otlp_buffer buffer = {0};
            struct otlp_export request = {.signal = (enum otlp_signal)signal};
            bool is_good = encode(request.signal, (enum otlp_encoding)encoding, specimens, &buffer,
                                  &request.items) == 0;
            request.data = buffer.data;
            request.data_len = buffer.len;
            is_good =
                is_good && dump(arguments->dump_folder, (enum otlp_encoding)encoding, &request);
            otlp_buffer_release(&buffer);
            if (!is_good) {
                return EXIT_NOT_DELIVERED;
            }
        }
    }
    return EXIT_DELIVERED;
}

static int send_all(const struct arguments *arguments, const struct specimens *specimens)
{
    struct otlp_exporter *exporter;
    int error = otlp_transport_create(&arguments->transport, &exporter);
    if (error != 0) {
        usage("no exporter:", otlp_error_name(error));
    }
    int status = EXIT_DELIVERED;
    for (int signal = 0; signal < OTLP_SIGNAL_COUNT; signal++) {
        if ((arguments->signals & (1u << signal)) == 0) {
            continue;
        }
        struct otlp_buffer buffer = {0};
        struct otlp_export request = {.signal = (enum otlp_signal)signal};
        struct otlp_export_result result;
        if (encode(request.signal, exporter->encoding, specimens, &buffer, &request.items) != 0) {
            usage("cannot be encoded:", otlp_signal_name(request.signal));
        }
        request.data = buffer.data;
        request.data_len = buffer.len;
        if (otlp_exporter_send(exporter, &request, &result) != OTLP_EXPORT_DELIVERED) {
            status = EXIT_NOT_DELIVERED;
        }
        print_result(&request, &result);
        otlp_buffer_release(&buffer);
    }
    otlp_exporter_shutdown(exporter, 1000 * MS);
    otlp_exporter_free(exporter);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct specimens specimens;
    parse(argc, argv, &arguments);
    specimens_make(&specimens, arguments.case_name, arguments.extra_spans, arguments.padding_bytes);
    print_ids(&specimens);
    int status = arguments.dump_folder != NULL ? dump_all(&arguments, &specimens)
                                               : send_all(&arguments, &specimens);
    specimens_release(&specimens);
    return status;
}
