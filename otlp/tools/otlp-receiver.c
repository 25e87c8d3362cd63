/* otlp-receiver: receives OTLP on loopback, checks it, counts it, and fails on demand. */
#include <otlp/receiver.h>

#include "../receiver/arguments.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static void print_counters(const struct otlp_receiver_counters *counters)
{
    struct otlp_buffer text = {0};
    if (otlp_receiver_counters_json(counters, &text) == 0) {
        printf("%.*s\n", (int)text.len, (const char *)text.data);
        fflush(stdout);
    }
    otlp_buffer_release(&text);
}

static void print_port(const char *name, int port)
{
    if (port >= 0) {
        printf("\"%s\":%d,", name, port);
    } else {
        printf("\"%s\":null,", name);
    }
}

static void print_ports(const struct otlp_receiver *receiver)
{
    printf("{");
    print_port("grpc_port", otlp_receiver_grpc_port(receiver));
    print_port("http_port", otlp_receiver_http_port(receiver));
    printf("\"pid\":%ld}\n", (long)getpid());
    fflush(stdout);
}

static int wait_for_end(struct otlp_receiver *receiver, const struct rx_arguments *arguments,
                        const sigset_t *signals)
{
    struct otlp_receiver_counters counters;
    int number = 0;
    while (sigwait(signals, &number) == 0 && number == SIGUSR1) {
        otlp_receiver_count(receiver, &counters);
        print_counters(&counters);
    }
    int rc = otlp_receiver_stop(receiver, arguments->drain_ns, &counters);
    if (arguments->wants_stats) {
        print_counters(&counters);
    }
    if (rc == OTLP_ETIMEOUT) {
        fprintf(stderr, "otlp-receiver: connections were cut off\n");
    } else if (rc != 0) {
        fprintf(stderr, "otlp-receiver: what was received could not be written whole\n");
    }
    return rc == 0 || rc == OTLP_ETIMEOUT ? EXIT_FINE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    static struct rx_arguments arguments;
    char message[512];
    if (!otlp__rx_arguments_parse(argc, argv, &arguments, message, sizeof message)) {
        fprintf(stderr, "otlp-receiver: %s; --help lists the options\n", message);
        return EXIT_USAGE;
    }
    if (arguments.wants_help) {
        otlp__rx_arguments_help(stdout);
        return EXIT_FINE;
    }
    /* Before any thread is there, so that all of them leave these signals to sigwait. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct otlp_receiver *receiver;
    int rc = otlp_receiver_start(&arguments.options, &receiver, message, sizeof message);
    if (rc != 0) {
        fprintf(stderr, "otlp-receiver: %s\n", message);
        return rc == OTLP_EINVAL ? EXIT_USAGE : EXIT_FAILED;
    }
    for (unsigned i = 0; i < arguments.fault_count; i++) {
        if (otlp_receiver_add_fault(receiver, &arguments.faults[i]) != 0) {
            fprintf(stderr, "otlp-receiver: a fault is out of range\n");
            otlp_receiver_stop(receiver, 0, NULL);
            return EXIT_USAGE;
        }
    }
    print_ports(receiver);
    return wait_for_end(receiver, &arguments, &signals);
}
