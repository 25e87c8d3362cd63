/* The options of a transport, checked, completed and copied. Never changed after that. */
#ifndef OTLP_SRC_SETTINGS_H
#define OTLP_SRC_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include <otlp/signal.h>
#include <otlp/transport.h>

struct otlp__target {
    char *url;       /* as given */
    char *shown_url; /* without what is secret */
    char *request_url[OTLP_SIGNAL_COUNT];
    uint32_t weight;
    /* libcurl 7.88 cannot use a connection of HTTP/2 with prior knowledge again when it is asked
     * for prior knowledge: there connections are opened by order, and all other requests only use
     * what there is. */
    bool opens_by_order;
    bool is_direct; /* no proxy: it is this machine, or one that could not carry it */
};

struct otlp__settings {
    struct otlp_transport_options options; /* complete; its pointers are not to be followed */
    struct otlp__target targets[OTLP_ENDPOINTS_MAX];
    size_t target_count;
    struct curl_slist *headers; /* those that are the same in every request */
    char *user_agent;
    char *bearer_token_file;
    char *ca_file;
    char *certificate_file;
    char *key_file;
    struct otlp_compression_candidate candidates[OTLP_CANDIDATES_MAX];
    size_t candidate_count; /* 1: no choice */
    uint16_t uses_max;      /* requests on a connection; 0: any number */
};

/* OTLP_EINVAL, OTLP_EIO, OTLP_EUNSUPPORTED, OTLP_ENOMEM as otlp_transport_create(). On failure
 * *settings is zeroed. */
int otlp__settings_init(struct otlp__settings *settings,
                        const struct otlp_transport_options *options);

void otlp__settings_release(struct otlp__settings *settings);

#endif
