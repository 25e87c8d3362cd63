/* A circuit breaker: a state machine that is told the time. Not thread-safe. */
#ifndef OTLP_SRC_BREAKER_H
#define OTLP_SRC_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include <otlp/transport.h>

/* All zero: closed. */
struct otlp__breaker {
    enum otlp_breaker_state state;
    uint32_t failures; /* in a row */
    uint64_t until_ns; /* open until then */
    bool is_trying;    /* half open, and a request is on its way */
};

/* Whether a request may go now. */
bool otlp__breaker_allows(const struct otlp__breaker *breaker, uint64_t now_ns);

/* A request goes now. */
void otlp__breaker_begin(struct otlp__breaker *breaker);

void otlp__breaker_succeed(struct otlp__breaker *breaker);
void otlp__breaker_fail(struct otlp__breaker *breaker, const struct otlp_breaker_policy *policy,
                        uint64_t now_ns);

/* A request ended without telling anything. */
void otlp__breaker_pass(struct otlp__breaker *breaker);

#endif
