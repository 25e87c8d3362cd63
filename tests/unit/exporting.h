/* Short cuts for tests of exporters. Milliseconds take the place of seconds: the waits of the
 * defaults are looked at where no clock runs. */
#ifndef TESTS_UNIT_EXPORTING_H
#define TESTS_UNIT_EXPORTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <otlp.h>
#include <otlp/transport.h>

#define MS 1000000u

/* Quick retries, and time enough for a slow machine. */
static inline struct otlp_transport_options quick_options(const struct otlp_endpoint *endpoints,
                                                          size_t count)
{
    return (struct otlp_transport_options){
        .endpoints = endpoints,
        .endpoint_count = count,
        .timeout_ns = 20000ull * MS,
        .retry = {.first_ns = 2 * MS, .cap_ns = 8 * MS},
    };
}

static inline struct otlp_exporter *start_exporter(const struct otlp_transport_options *options)
{
    struct otlp_exporter *exporter = NULL;
    assert_int_equal(otlp_transport_create(options, &exporter), 0);
    return exporter;
}

/* Quick options for one receiver. */
static inline struct otlp_exporter *start_exporter_to(const char *url, enum otlp_protocol protocol)
{
    struct otlp_endpoint endpoint = {.url = url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.protocol = protocol;
    return start_exporter(&options);
}

/* Sends some bytes as `items` spans. */
static inline struct otlp_export_result send_bytes(struct otlp_exporter *exporter, const void *data,
                                                   size_t data_len, size_t items)
{
    struct otlp_export request = {
        .signal = OTLP_TRACES, .data = data, .data_len = data_len, .items = items};
    struct otlp_export_result result;
    otlp_exporter_send(exporter, &request, &result);
    return result;
}

static inline struct otlp_export_result send_text(struct otlp_exporter *exporter, const char *text)
{
    return send_bytes(exporter, text, strlen(text), 7);
}

static inline void stop_exporter(struct otlp_exporter *exporter)
{
    assert_int_equal(otlp_exporter_shutdown(exporter, 20000ull * MS), 0);
    otlp_exporter_free(exporter);
}

static inline void assert_outcome(struct otlp_export_result result, enum otlp_export_outcome wanted)
{
    if (result.outcome != wanted) {
        fail_msg("%s, not %s: %s", otlp_export_outcome_name(result.outcome),
                 otlp_export_outcome_name(wanted), result.message);
    }
}

#endif
