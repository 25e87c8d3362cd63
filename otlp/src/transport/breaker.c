#include "transport/breaker.h"

#include "monotonic.h"

bool otlp__breaker_allows(const struct otlp__breaker *breaker, uint64_t now_ns)
{
    switch (breaker->state) {
    case OTLP_BREAKER_OPEN:
        return now_ns >= breaker->until_ns && breaker->until_ns != UINT64_MAX;
    case OTLP_BREAKER_HALF_OPEN:
        return !breaker->is_trying;
    case OTLP_BREAKER_CLOSED:
        break;
    }
    return true;
}

void otlp__breaker_begin(struct otlp__breaker *breaker)
{
    if (breaker->state != OTLP_BREAKER_CLOSED) {
        breaker->state = OTLP_BREAKER_HALF_OPEN;
        breaker->is_trying = true;
    }
}

void otlp__breaker_succeed(struct otlp__breaker *breaker)
{
    *breaker = (struct otlp__breaker){.state = OTLP_BREAKER_CLOSED};
}

void otlp__breaker_fail(struct otlp__breaker *breaker, const struct otlp_breaker_policy *policy,
                        uint64_t now_ns)
{
    if (breaker->failures < UINT32_MAX) {
        breaker->failures++;
    }
    /* Requests that were under way when it opened fail later: they do not keep it open longer. */
    if (breaker->state == OTLP_BREAKER_OPEN) {
        return;
    }
    if (breaker->state == OTLP_BREAKER_HALF_OPEN ||
        (breaker->failures >= policy->failures && policy->failures != UINT32_MAX)) {
        breaker->state = OTLP_BREAKER_OPEN;
        breaker->until_ns = otlp__monotonic_after(now_ns, policy->open_ns);
        breaker->is_trying = false;
    }
}

void otlp__breaker_pass(struct otlp__breaker *breaker)
{
    breaker->is_trying = false;
}

const char *otlp_breaker_state_name(enum otlp_breaker_state state)
{
    static const char *const names[] = {[OTLP_BREAKER_CLOSED] = "closed",
                                        [OTLP_BREAKER_OPEN] = "open",
                                        [OTLP_BREAKER_HALF_OPEN] = "half open"};
    return names[state];
}
