/* The command line of the tool otlp-receiver. */
#ifndef OTLP_RECEIVER_ARGUMENTS_H
#define OTLP_RECEIVER_ARGUMENTS_H

#include <stdio.h>

#include <otlp/receiver.h>

struct rx_arguments {
    struct otlp_receiver_options options;
    struct otlp_receiver_fault faults[OTLP_RECEIVER_FAULTS_MAX];
    unsigned fault_count;
    uint64_t drain_ns;
    bool wants_stats;
    bool wants_help;
};

/* Reads the command line; texts are borrowed from it. false: message says what is wrong. */
bool otlp__rx_arguments_parse(int count, char **words, struct rx_arguments *arguments,
                              char *message, size_t message_bytes);

void otlp__rx_arguments_help(FILE *out);

#endif
