#include "transport/retry.h"

#include <math.h>
#include <string.h>

#include <curl/curl.h>

#include "ascii.h"
#include "transport/grpc.h"

uint64_t otlp__retry_wait_ns(const struct otlp_retry_policy *policy, uint32_t failure,
                             double random)
{
    double wait = (double)policy->first_ns * pow(policy->factor, (double)failure);
    double cap = (double)policy->cap_ns;
    wait = wait < cap ? wait : cap;
    wait *= 1 + policy->jitter * (2 * random - 1);
    return wait < (double)OTLP__DELAY_MAX_NS ? (uint64_t)wait : OTLP__DELAY_MAX_NS;
}

static bool parse_seconds(const char *text, size_t len, uint64_t *seconds)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        if (value <= OTLP__DELAY_MAX_NS) {
            value = value * 10 + (uint64_t)(text[i] - '0');
        }
    }
    *seconds = value;
    return len > 0;
}

bool otlp__retry_after(const char *value, size_t value_len, uint64_t now_unix_s, uint64_t *delay_ns)
{
    char date[64];
    uint64_t seconds;
    otlp__trim(&value, &value_len);
    if (!parse_seconds(value, value_len, &seconds)) {
        /* Every form of an HTTP-date has letters and a time of day; curl_getdate takes more. */
        if (value_len >= sizeof date || memchr(value, ':', value_len) == NULL) {
            return false;
        }
        memcpy(date, value, value_len);
        date[value_len] = '\0';
        time_t when = curl_getdate(date, NULL);
        if (when == (time_t)-1) {
            return false;
        }
        seconds = (uint64_t)when > now_unix_s ? (uint64_t)when - now_unix_s : 0;
    }
    *delay_ns = seconds < OTLP__DELAY_MAX_NS / OTLP__SECOND_NS ? seconds * OTLP__SECOND_NS
                                                               : OTLP__DELAY_MAX_NS;
    return true;
}

bool otlp__http_is_retryable(int status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

bool otlp__grpc_is_retryable(int code, bool has_retry_info)
{
    switch (code) {
    case OTLP__GRPC_CANCELLED:
    case OTLP__GRPC_DEADLINE_EXCEEDED:
    case OTLP__GRPC_ABORTED:
    case OTLP__GRPC_OUT_OF_RANGE:
    case OTLP__GRPC_UNAVAILABLE:
    case OTLP__GRPC_DATA_LOSS:
        return true;
    case OTLP__GRPC_RESOURCE_EXHAUSTED:
        return has_retry_info;
    default:
        return false;
    }
}
