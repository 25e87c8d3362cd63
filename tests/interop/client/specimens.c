#include "specimens.h"

#include "specimen_values.h"

#include <stdio.h>
#include <stdlib.h>

#define FIXED_SPANS   7
#define TRACESTATE    "vendor=one,other=two"
#define SHORT_STRINGS 10

static const struct otlp_attribute scope_attributes[] = {{KEY("scope.key"), .value = INT(7)}};

/* On failure of anything that cannot fail but for memory. */
static void must(bool is_good, const char *what)
{
    if (!is_good) {
        fprintf(stderr, "interop_send: %s failed\n", what);
        exit(1);
    }
}

static struct otlp_span *make_full(const struct otlp_span_context *parent)
{
    struct otlp_span_options options = {
        .kind = OTLP_SPAN_KIND_SERVER, .parent = parent, .start_unix_ns = START_NS + 1};
    struct otlp_span *span = otlp_span_start("full", &options);
    must(span != NULL, "otlp_span_start");
    for (size_t i = 0; i < SPECIMEN_ATTRIBUTES; i++) {
        must(otlp_span_set_attribute(span, &specimen_attributes[i]) == 0, "an attribute");
    }
    const struct otlp_span_context linked = {.trace_id = specimen_trace_id,
                                             .span_id = specimen_span_id};
    must(otlp_span_add_event(span, "event", START_NS + 2, specimen_attributes,
                             SPECIMEN_ATTRIBUTES) == 0 &&
             otlp_span_add_event(span, "bare", START_NS + 3, NULL, 0) == 0,
         "otlp_span_add_event");
    must(otlp_span_add_link(span, parent, specimen_attributes, SPECIMEN_ATTRIBUTES) == 0 &&
             otlp_span_add_link(span, &linked, NULL, 0) == 0,
         "otlp_span_add_link");
    must(otlp_span_set_status(span, OTLP_STATUS_ERROR, "it failed") == 0, "otlp_span_set_status");
    otlp_span_end(span, START_NS + 999999999);
    return span;
}

static struct otlp_span *make_child(enum otlp_span_kind kind,
                                    const struct otlp_span_context *parent)
{
    struct otlp_span_options options = {
        .kind = kind, .parent = parent, .start_unix_ns = START_NS + (uint64_t)kind};
    struct otlp_span *span = otlp_span_start("child", &options);
    must(span != NULL, "otlp_span_start");
    otlp_span_set_status(span, OTLP_STATUS_OK, NULL);
    otlp_span_end(span, START_NS + 100);
    return span;
}

/* One attribute, event and link less than it is given; on the event and the link, too. */
static struct otlp_span *make_over_limits(void)
{
    static const struct otlp_limits limits = {2, 1, 1, 1, 1, 3};
    struct otlp_span_options options = {.limits = &limits, .start_unix_ns = START_NS + 4};
    struct otlp_span *span = otlp_span_start("over the limits", &options);
    must(span != NULL, "otlp_span_start");
    const struct otlp_attribute three[] = {
        {KEY("a"), .value = STRING("abcdef")},
        {KEY("b"), .value = INT(2)},
        {KEY("c"), .value = INT(3)},
    };
    const struct otlp_span_context linked = {
        .trace_id = specimen_trace_id, .span_id = specimen_span_id, .flags = OTLP_FLAG_SAMPLED};
    for (size_t i = 0; i < COUNT(three); i++) {
        otlp_span_set_attribute(span, &three[i]);
    }
    for (int i = 0; i < 2; i++) {
        otlp_span_add_event(span, "event", START_NS + 5, three, COUNT(three));
        otlp_span_add_link(span, &linked, three, COUNT(three));
    }
    otlp_span_end(span, START_NS + 6);
    return span;
}

static struct otlp_span *make_extra(size_t number)
{
    struct otlp_span_options options = {.start_unix_ns = START_NS + number};
    struct otlp_span *span = otlp_span_start("extra", &options);
    must(span != NULL, "otlp_span_start");
    for (int i = 0; i < SHORT_STRINGS; i++) {
        char key[32];
        snprintf(key, sizeof key, "attribute.number.%03d", i);
        must(otlp_span_set_string(span, key, "twenty characters...") == 0, "an attribute");
    }
    otlp_span_end(span, START_NS + number + 1);
    return span;
}

static void make_spans(struct specimens *specimens, size_t extra_spans)
{
    const struct otlp_tracestate *state = NULL;
    must(otlp_tracestate_parse(TRACESTATE, sizeof TRACESTATE - 1, &state) == 0, "a tracestate");
    const struct otlp_span_context remote = {.trace_id = specimen_trace_id,
                                             .span_id = specimen_span_id,
                                             .flags = OTLP_FLAG_SAMPLED,
                                             .is_remote = true,
                                             .tracestate = state};
    specimens->span_count = FIXED_SPANS + extra_spans;
    specimens->spans = calloc(specimens->span_count, sizeof *specimens->spans);
    must(specimens->spans != NULL, "calloc");
    struct otlp_span **next = specimens->spans;
    *next++ = make_full(&remote);
    const struct otlp_span_context *parent = otlp_span_get_context(specimens->spans[0]);
    for (int kind = OTLP_SPAN_KIND_INTERNAL; kind <= OTLP_SPAN_KIND_CONSUMER; kind++) {
        *next++ = make_child((enum otlp_span_kind)kind, parent);
    }
    *next++ = make_over_limits();
    for (size_t i = 0; i < extra_spans; i++) {
        *next++ = make_extra(i);
    }
    otlp_tracestate_unref(state);
}

void specimens_make(struct specimens *specimens, const char *case_name, size_t extra_spans,
                    size_t padding_bytes)
{
    size_t count = SPECIMEN_ATTRIBUTES + 1 + (padding_bytes > 0 ? 1 : 0);
    struct otlp_attribute *attributes = calloc(count, sizeof *attributes);
    char *padding = calloc(padding_bytes + 1, 1);
    must(attributes != NULL && padding != NULL, "calloc");
    memcpy(attributes, specimen_attributes, sizeof specimen_attributes);
    attributes[SPECIMEN_ATTRIBUTES] = otlp_attribute_string("interop.case", case_name);
    memset(padding, 'x', padding_bytes);
    if (padding_bytes > 0) {
        attributes[count - 1] = otlp_attribute_string("padding", padding);
    }
    *specimens = (struct specimens){
        .resource = {.attributes = attributes,
                     .attribute_count = count,
                     .schema_url = "https://example.com/resource"},
        .scope = {.name = "interop",
                  .version = "1.2.3",
                  .attributes = scope_attributes,
                  .attribute_count = COUNT(scope_attributes),
                  .schema_url = "https://example.com/scope"},
        .resource_attributes = attributes,
        .padding = padding,
    };
    make_spans(specimens, extra_spans);
}

void specimens_release(struct specimens *specimens)
{
    for (size_t i = 0; i < specimens->span_count; i++) {
        otlp_span_free(specimens->spans[i]);
    }
    free(specimens->spans);
    free(specimens->resource_attributes);
    free(specimens->padding);
}
