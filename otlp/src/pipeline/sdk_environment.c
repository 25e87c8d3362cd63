#include <otlp/sdk_environment.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* NULL when there is nothing. */
static const char *get(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? text : NULL;
}

/* The first of the variables that holds a number sets the limit. */
static void read_limit(struct otlp_environment *environment, const char *specific,
                       const char *general, uint32_t *limit)
{
    const char *const names[] = {specific, general};
    for (size_t i = 0; i < 2; i++) {
        const char *text = names[i] != NULL ? get(names[i]) : NULL;
        if (text == NULL) {
            continue;
        }
        char *end;
        errno = 0;
        long long number = strtoll(text, &end, 10);
        if (errno == 0 && *end == '\0' && number >= 0) {
            *limit = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
            return;
        }
        environment->ignored++;
    }
}

static void read_limits(struct otlp_environment *environment)
{
    static const struct otlp_limits defaults = OTLP_LIMITS_DEFAULT;
    const char *count = "OTEL_ATTRIBUTE_COUNT_LIMIT";
    const char *length = "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT";
    struct otlp_limits *spans = &environment->limits;
    struct otlp_limits *logs = &environment->log_limits;
    *spans = defaults;
    *logs = defaults;
    read_limit(environment, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", count, &spans->attribute_count);
    read_limit(environment, "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", length, &spans->value_length);
    read_limit(environment, "OTEL_SPAN_EVENT_COUNT_LIMIT", NULL, &spans->event_count);
    read_limit(environment, "OTEL_SPAN_LINK_COUNT_LIMIT", NULL, &spans->link_count);
    read_limit(environment, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", count,
               &spans->event_attribute_count);
    read_limit(environment, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", count, &spans->link_attribute_count);
    read_limit(environment, "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", count, &logs->attribute_count);
    read_limit(environment, "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", length,
               &logs->value_length);
}

static double read_ratio(struct otlp_environment *environment)
{
    const char *text = get("OTEL_TRACES_SAMPLER_ARG");
    if (text == NULL) {
        return 1;
    }
    char *end;
    double ratio = strtod(text, &end);
    if (end != text && *end == '\0' && ratio >= 0 && ratio <= 1) {
        return ratio;
    }
    environment->ignored++;
    return 1;
}

static bool set_sampler(struct otlp_environment *environment, const char *name,
                        struct otlp_sampler *sampler)
{
    if (strcasecmp(name, "always_on") == 0) {
        *sampler = otlp_sampler_always_on();
    } else if (strcasecmp(name, "always_off") == 0) {
        *sampler = otlp_sampler_always_off();
    } else if (strcasecmp(name, "traceidratio") == 0) {
        *sampler = otlp_sampler_ratio(read_ratio(environment));
    } else {
        return false;
    }
    return true;
}

static void read_sampler(struct otlp_environment *environment)
{
    static const char prefix[] = "parentbased_";
    const size_t prefix_len = sizeof prefix - 1;
    const char *name = get("OTEL_TRACES_SAMPLER");
    environment->root = otlp_sampler_always_on();
    environment->sampler = otlp_sampler_parent_based(&environment->root);
    if (name == NULL) {
        return;
    }
    bool is_parent_based = strncasecmp(name, prefix, prefix_len) == 0;
    struct otlp_sampler *sampler = is_parent_based ? &environment->root : &environment->sampler;
    environment->ignored +=
        !set_sampler(environment, is_parent_based ? name + prefix_len : name, sampler);
}

static int read_attributes(struct otlp_environment *environment, struct otlp_baggage *baggage)
{
    const char *text = get("OTEL_RESOURCE_ATTRIBUTES");
    if (text == NULL) {
        return 0;
    }
    size_t dropped = 0;
    int rc = otlp_baggage_parse(baggage, text, strlen(text), &dropped);
    if (rc == OTLP_ENOMEM) {
        return rc;
    }
    if (rc != 0 || dropped > 0) {
        otlp_baggage_clear(baggage);
        environment->ignored++;
    }
    return 0;
}

static int make_resource(struct otlp_environment *environment, const struct otlp_baggage *baggage)
{
    struct otlp_attribute attributes[OTLP_BAGGAGE_MEMBERS_MAX + 1];
    size_t count = 0;
    struct otlp_baggage_member member;
    while (count < OTLP_BAGGAGE_MEMBERS_MAX && otlp_baggage_at(baggage, count, &member) == 0) {
        attributes[count++] = otlp_attribute_n(member.key, member.key_len,
                                               otlp_value_string_n(member.value, member.value_len));
    }
    const char *service = get("OTEL_SERVICE_NAME");
    if (service != NULL) {
        attributes[count++] = otlp_attribute_string("service.name", service);
    }
    return otlp_resource_new(attributes, count, NULL, &environment->resource);
}

int otlp_environment_read(struct otlp_environment *environment)
{
    struct otlp_baggage baggage = {0};
    memset(environment, 0, sizeof *environment);
    const char *disabled = get("OTEL_SDK_DISABLED");
    environment->is_disabled = disabled != NULL && strcasecmp(disabled, "true") == 0;
    read_limits(environment);
    read_sampler(environment);
    int rc = read_attributes(environment, &baggage);
    if (rc == 0) {
        rc = make_resource(environment, &baggage);
    }
    otlp_baggage_release(&baggage);
    return rc;
}

struct otlp_provider_options otlp_environment_options(const struct otlp_environment *environment)
{
    return (struct otlp_provider_options){
        .resource = environment->resource,
        .sampler = &environment->sampler,
        .limits = &environment->limits,
        .log_limits = &environment->log_limits,
    };
}

void otlp_environment_release(struct otlp_environment *environment)
{
    if (environment != NULL) {
        otlp_resource_free(environment->resource);
        environment->resource = NULL;
    }
}
