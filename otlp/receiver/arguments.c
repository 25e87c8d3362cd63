#include "arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000u

enum option_id {
    OPTION_HOST = 256,
    OPTION_GRPC_PORT,
    OPTION_HTTP_PORT,
    OPTION_WORKERS,
    OPTION_CERTIFICATE,
    OPTION_KEY,
    OPTION_CLIENT_CA,
    OPTION_BEARER,
    OPTION_WRITE_JSON,
    OPTION_WRITE_RAW,
    OPTION_FAULT,
    OPTION_SEED,
    OPTION_BODY_LIMIT,
    OPTION_DECOMPRESSED_LIMIT,
    OPTION_HEADER_LIMIT,
    OPTION_BUFFER_LIMIT,
    OPTION_CONNECTIONS,
    OPTION_HEADER_TIMEOUT,
    OPTION_IDLE_TIMEOUT,
    OPTION_DRAIN,
    OPTION_STATS,
    OPTION_HELP,
};

/* X(option, name, argument or "", text) */
#define OPTIONS(X)                                                                                 \
    X(OPTION_HOST, "host", "ADDRESS", "listen on this address (127.0.0.1)")                        \
    X(OPTION_GRPC_PORT, "grpc-port", "PORT", "for gRPC (4317); 0: any that is free; none: none")   \
    X(OPTION_HTTP_PORT, "http-port", "PORT", "for HTTP (4318); likewise")                          \
    X(OPTION_WORKERS, "workers", "N", "threads that serve (1)")                                    \
    X(OPTION_CERTIFICATE, "cert", "FILE", "certificate chain, PEM: serve by TLS alone")            \
    X(OPTION_KEY, "key", "FILE", "its key, PEM")                                                   \
    X(OPTION_CLIENT_CA, "client-ca", "FILE", "clients need a certificate of this authority")       \
    X(OPTION_BEARER, "bearer", "TOKEN", "clients need this bearer token")                          \
    X(OPTION_WRITE_JSON, "write-json", "FILE", "write what is received, a line of JSON a request") \
    X(OPTION_WRITE_RAW, "write-raw", "FILE",                                                       \
      "write length-delimited protobuf to FILE.traces, FILE.metrics and FILE.logs")                \
    X(OPTION_FAULT, "fault", "RULE", "a fault; may be given again (see below)")                    \
    X(OPTION_SEED, "seed", "N", "of the faults' probabilities (0)")                                \
    X(OPTION_BODY_LIMIT, "body-limit", "BYTES", "of a request's body (67108864)")                  \
    X(OPTION_DECOMPRESSED_LIMIT, "decompressed-limit", "BYTES", "decompressed (67108864)")         \
    X(OPTION_HEADER_LIMIT, "header-limit", "BYTES", "of a request's header (8192)")                \
    X(OPTION_BUFFER_LIMIT, "buffer-limit", "BYTES", "of all bodies at one time (536870912)")       \
    X(OPTION_CONNECTIONS, "connections", "N", "at one time (512)")                                 \
    X(OPTION_HEADER_TIMEOUT, "header-timeout", "SECONDS", "for a request's header (10)")           \
    X(OPTION_IDLE_TIMEOUT, "idle-timeout", "SECONDS", "without a byte (60)")                       \
    X(OPTION_DRAIN, "drain", "SECONDS", "for requests under way when it is stopped (5)")           \
    X(OPTION_STATS, "stats", "", "print the counters, a line of JSON, at the end")                 \
    X(OPTION_HELP, "help", "", "this text")

static const struct option options_known[] = {
#define ROW(option, name, argument, text)                                                          \
    {name, sizeof(argument) > 1 ? required_argument : no_argument, NULL, option},
    OPTIONS(ROW)
#undef ROW
        {NULL, 0, NULL, 0}};

void otlp__rx_arguments_help(FILE *out)
{
    fprintf(out,
            "usage: otlp-receiver [OPTION...]\n\n"
            "Receives OTLP by gRPC and HTTP, checks and counts it. The first line of its\n"
            "output is a JSON object with the ports; SIGUSR1, GET /stats on the HTTP port and\n"
            "--stats show the counters; SIGTERM and SIGINT end it.\n\n");
#define ROW(option, name, argument, text)                                                          \
    fprintf(out, "  --%s%s%s\n        %s\n", name, sizeof(argument) > 1 ? " " : "", argument, text);
    OPTIONS(ROW)
#undef ROW
    fprintf(out,
            "\nA RULE is words with commas between them; the first rule that hits is applied:\n"
            "  first=N every=N probability=P after=TIME for=TIME signal=traces|metrics|logs\n"
            "  delay=TIME stall=TIME status=N grpc=N retry-after=TIME partial=N message=TEXT\n"
            "  reset=upload|before|answer slow-read=BYTES slow-write=BYTES (a second)\n"
            "TIME has a unit: 250ms, 1.5s. For example: --fault first=3,status=503,retry-after=1s\n"
            "\nExit status: 0 stopped, 1 it cannot start or a file cannot be written, 2 usage.\n");
}

static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
    char *end;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    *value = number;
    return errno == 0 && *end == '\0' && number <= max;
}

static bool parse_size(const char *text, size_t *bytes)
{
    uint64_t value;
    bool is_good = parse_number(text, (uint64_t)1 << 40, &value) && value > 0;
    *bytes = is_good ? (size_t)value : 0;
    return is_good;
}

static bool parse_count(const char *text, unsigned max, unsigned *count)
{
    uint64_t value;
    bool is_good = parse_number(text, max, &value) && value > 0;
    *count = is_good ? (unsigned)value : 0;
    return is_good;
}

static bool parse_port(const char *text, int *port)
{
    uint64_t value;
    if (strcmp(text, "none") == 0) {
        *port = -1;
        return true;
    }
    bool is_good = parse_number(text, 65535, &value);
    *port = is_good ? (int)value : 0;
    return is_good;
}

static bool parse_seconds(const char *text, bool allows_zero, uint64_t *time_ns)
{
    char *end;
    if ((text[0] < '0' || text[0] > '9') && text[0] != '.') {
        return false;
    }
    double seconds = strtod(text, &end);
    bool is_good = *end == '\0' && end != text && seconds < 1e6 &&
                   (seconds >= 1e-3 || (allows_zero && seconds >= 0));
    *time_ns = is_good ? (uint64_t)(seconds * SECOND_NS) : 0;
    return is_good;
}

static bool take_fault(struct rx_arguments *arguments, const char *text)
{
    return arguments->fault_count < OTLP_RECEIVER_FAULTS_MAX &&
           otlp_receiver_fault_parse(text, &arguments->faults[arguments->fault_count++], NULL) == 0;
}

static bool take_file(struct otlp_receiver_options *options, enum otlp_receiver_write form,
                      const char *path)
{
    bool is_first = options->write == OTLP_RECEIVER_WRITE_NONE;
    options->write = form;
    options->write_path = path;
    return is_first;
}

static bool take_limit(struct otlp_receiver_limits *limits, int option, const char *text)
{
    switch (option) {
    case OPTION_BODY_LIMIT:
        return parse_size(text, &limits->body_bytes);
    case OPTION_DECOMPRESSED_LIMIT:
        return parse_size(text, &limits->decompressed_bytes);
    case OPTION_HEADER_LIMIT:
        return parse_size(text, &limits->header_bytes);
    case OPTION_BUFFER_LIMIT:
        return parse_size(text, &limits->buffered_bytes);
    case OPTION_CONNECTIONS:
        return parse_count(text, 1000000, &limits->connections);
    case OPTION_HEADER_TIMEOUT:
        return parse_seconds(text, false, &limits->header_timeout_ns);
    case OPTION_IDLE_TIMEOUT:
        return parse_seconds(text, false, &limits->idle_timeout_ns);
    default:
        return false;
    }
}

static bool take(struct rx_arguments *arguments, int option, const char *text)
{
    struct otlp_receiver_options *options = &arguments->options;
    switch (option) {
    case OPTION_HOST:
        options->host = text;
        return true;
    case OPTION_GRPC_PORT:
        return parse_port(text, &options->grpc_port);
    case OPTION_HTTP_PORT:
        return parse_port(text, &options->http_port);
    case OPTION_WORKERS:
        return parse_count(text, 64, &options->workers);
    case OPTION_CERTIFICATE:
        options->certificate_file = text;
        return true;
    case OPTION_KEY:
        options->key_file = text;
        return true;
    case OPTION_CLIENT_CA:
        options->client_ca_file = text;
        return true;
    case OPTION_BEARER:
        options->bearer_token = text;
        return true;
    case OPTION_WRITE_JSON:
        return take_file(options, OTLP_RECEIVER_WRITE_JSON, text);
    case OPTION_WRITE_RAW:
        return take_file(options, OTLP_RECEIVER_WRITE_RAW, text);
    case OPTION_FAULT:
        return take_fault(arguments, text);
    case OPTION_SEED:
        return parse_number(text, UINT64_MAX, &options->seed);
    case OPTION_DRAIN:
        return parse_seconds(text, true, &arguments->drain_ns);
    case OPTION_STATS:
        arguments->wants_stats = true;
        return true;
    case OPTION_HELP:
        arguments->wants_help = true;
        return true;
    default:
        return take_limit(&options->limits, option, text);
    }
}

bool otlp__rx_arguments_parse(int count, char **words, struct rx_arguments *arguments,
                              char *message, size_t message_bytes)
{
    memset(arguments, 0, sizeof *arguments);
    arguments->options.grpc_port = OTLP_RECEIVER_GRPC_PORT;
    arguments->options.http_port = OTLP_RECEIVER_HTTP_PORT;
    arguments->drain_ns = (uint64_t)5 * SECOND_NS;
    optind = 0;
    opterr = 0;
    while (true) {
        int at = optind > 0 ? optind : 1;
        int index = 0;
        int option = getopt_long(count, words, ":", options_known, &index);
        if (option == -1) {
            break;
        }
        if (option == '?') {
            snprintf(message, message_bytes, "there is no option %s", words[at]);
            return false;
        }
        if (option == ':') {
            snprintf(message, message_bytes, "%s needs a value", words[at]);
            return false;
        }
        if (!take(arguments, option, optarg)) {
            snprintf(message, message_bytes, "--%s cannot be %s", options_known[index].name,
                     optarg);
            return false;
        }
    }
    if (optind < count) {
        snprintf(message, message_bytes, "%s is not an option", words[optind]);
        return false;
    }
    return true;
}
