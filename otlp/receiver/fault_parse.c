#include <otlp/receiver.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A value of a word, with its end. */
struct word {
    const char *text;
    size_t len;
};

static bool parse_integer(struct word word, uint64_t max, uint64_t *value)
{
    uint64_t result = 0;
    if (word.len == 0 || word.len > 19) {
        return false;
    }
    for (size_t i = 0; i < word.len; i++) {
        if (word.text[i] < '0' || word.text[i] > '9') {
            return false;
        }
        result = result * 10 + (uint64_t)(word.text[i] - '0');
    }
    *value = result;
    return result <= max;
}

static bool parse_number(struct word word, double *value, struct word *rest)
{
    char text[32];
    if (word.len == 0 || word.len >= sizeof text || !strchr("0123456789.", word.text[0])) {
        return false;
    }
    memcpy(text, word.text, word.len);
    text[word.len] = '\0';
    char *end;
    errno = 0;
    *value = strtod(text, &end);
    *rest = (struct word){word.text + (end - text), word.len - (size_t)(end - text)};
    return end != text && errno == 0 && strspn(text, "0123456789.") == (size_t)(end - text);
}

static bool parse_time(struct word word, uint64_t *time_ns)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    double value;
    struct word unit;
    if (!parse_number(word, &value, &unit)) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (unit.len == strlen(units[i].unit) && memcmp(unit.text, units[i].unit, unit.len) == 0) {
            double ns = value * units[i].ns;
            *time_ns = ns < 1e18 ? (uint64_t)ns : 0;
            return ns < 1e18;
        }
    }
    return false;
}

static int index_of(struct word word, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (word.len == strlen(names[i]) && memcmp(word.text, names[i], word.len) == 0) {
            return i;
        }
    }
    return -1;
}

static bool parse_signal(struct word word, unsigned *signals)
{
    for (int i = 0; i < OTLP_SIGNAL_COUNT; i++) {
        const char *name = otlp_signal_name((enum otlp_signal)i);
        if (word.len == strlen(name) && memcmp(word.text, name, word.len) == 0) {
            *signals |= 1u << i;
            return true;
        }
    }
    return false;
}

static bool parse_condition(struct word name, struct word value, struct otlp_receiver_fault *fault)
{
    static const char *const names[] = {"first", "every", "probability", "after", "for", "signal"};
    struct word rest;
    switch (index_of(name, names, 6)) {
    case 0:
        return parse_integer(value, UINT64_MAX, &fault->first) && fault->first > 0;
    case 1:
        return parse_integer(value, UINT64_MAX, &fault->every) && fault->every > 0;
    case 2:
        return parse_number(value, &fault->probability, &rest) && rest.len == 0 &&
               fault->probability > 0 && fault->probability <= 1;
    case 3:
        return parse_time(value, &fault->after_ns);
    case 4:
        return parse_time(value, &fault->for_ns) && fault->for_ns > 0;
    case 5:
        return parse_signal(value, &fault->signals);
    default:
        return false;
    }
}

static bool parse_code(struct word value, uint64_t min, uint64_t max, int *code)
{
    uint64_t number;
    if (!parse_integer(value, max, &number) || number < min) {
        return false;
    }
    *code = (int)number;
    return true;
}

static bool parse_effect(struct word name, struct word value, struct otlp_receiver_fault *fault)
{
    static const char *const names[] = {"delay",   "stall", "status",    "grpc",      "retry-after",
                                        "partial", "reset", "slow-read", "slow-write"};
    static const char *const resets[] = {"none", "upload", "before", "answer"};
    uint64_t number;
    int reset;
    switch (index_of(name, names, 9)) {
    case 0:
        return parse_time(value, &fault->delay_ns);
    case 1:
        return parse_time(value, &fault->stall_ns) && fault->stall_ns > 0;
    case 2:
        return parse_code(value, 200, 599, &fault->http_status);
    case 3:
        return parse_code(value, 1, 16, &fault->grpc_code);
    case 4:
        fault->has_retry_after = true;
        return parse_time(value, &fault->retry_after_ns);
    case 5:
        fault->is_partial = true;
        if (!parse_integer(value, INT64_MAX, &number)) {
            return false;
        }
        fault->rejected = (int64_t)number;
        return true;
    case 6:
        reset = index_of(value, resets, 4);
        fault->reset = reset > 0 ? (enum otlp_receiver_reset)reset : OTLP_RESET_NONE;
        return reset > 0;
    case 7:
        return parse_integer(value, UINT64_MAX, &fault->read_bytes_per_s) &&
               fault->read_bytes_per_s > 0;
    case 8:
        return parse_integer(value, UINT64_MAX, &fault->write_bytes_per_s) &&
               fault->write_bytes_per_s > 0;
    default:
        return false;
    }
}

static bool is_message(struct word name)
{
    return name.len == 7 && memcmp(name.text, "message", 7) == 0;
}

static bool parse_message(const char *text, struct otlp_receiver_fault *fault)
{
    size_t len = strlen(text);
    if (len >= sizeof fault->message) {
        return false;
    }
    memcpy(fault->message, text, len + 1);
    return true;
}

int otlp_receiver_fault_parse(const char *text, struct otlp_receiver_fault *fault, size_t *error_at)
{
    struct otlp_receiver_fault parsed = {0};
    const char *at = text;
    while (true) {
        size_t len = strcspn(at, ",");
        const char *equals = memchr(at, '=', len);
        bool is_good = equals != NULL;
        if (is_good) {
            struct word name = {at, (size_t)(equals - at)};
            struct word value = {equals + 1, len - name.len - 1};
            if (is_message(name)) {
                is_good = parse_message(equals + 1, &parsed);
                len = strlen(at);
            } else {
                is_good =
                    parse_condition(name, value, &parsed) || parse_effect(name, value, &parsed);
            }
        }
        if (!is_good) {
            if (error_at != NULL) {
                *error_at = (size_t)(at - text);
            }
            return OTLP_EINVAL;
        }
        if (at[len] == '\0') {
            break;
        }
        at += len + 1;
    }
    *fault = parsed;
    return 0;
}
