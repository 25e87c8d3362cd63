#include "log_internal.h"

#include "attributes.h"
#include "clock.h"

static int copy_text(struct otlp__arena *arena, const char **text)
{
    if (*text != NULL) {
        *text = otlp__arena_text(arena, *text, strlen(*text));
        return *text != NULL ? 0 : OTLP_ENOMEM;
    }
    return 0;
}

int otlp__log_record_copy(struct otlp__arena *arena, const struct otlp_limits *limits,
                          const struct otlp_log_record *record, struct otlp_log_record *copy)
{
    if (record->severity < 0 || record->severity > OTLP_SEVERITY_MAX) {
        return OTLP_EINVAL;
    }
    const struct otlp__attribute_rule body_rule = {0, OTLP_UNLIMITED, false};
    const struct otlp__attribute_rule rule = {limits->attribute_count, limits->value_length, false};
    *copy = *record;
    int rc = copy_text(arena, &copy->severity_text);
    if (rc == 0) {
        rc = copy_text(arena, &copy->event_name);
    }
    if (rc == 0) {
        rc = otlp__value_copy(arena, &record->body, body_rule, &copy->body);
    }
    if (rc == 0) {
        rc = otlp__attributes_copy(arena, record->attributes, record->attribute_count, rule,
                                   &copy->attributes, &copy->attribute_count,
                                   &copy->dropped_attributes);
    }
    if (rc == 0 && copy->observed_unix_ns == 0) {
        copy->observed_unix_ns = otlp__now_unix_ns();
    }
    return rc;
}
