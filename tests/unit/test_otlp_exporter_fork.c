/* Exporters in a child after fork(): they refuse at once, and the parent's go on. */
#include "exporting.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <otlp/file_exporter.h>

#include "forked.h"
#include "peer_http.h"

static struct otlp_exporter *inherited;

static enum otlp_export_outcome send_inherited(void)
{
    struct otlp_export request = {.data = (const uint8_t *)"[]", .data_len = 2, .items = 1};
    struct otlp_export_result result;
    enum otlp_export_outcome outcome = otlp_exporter_send(inherited, &request, &result);
    FORKED_EXPECT(result.outcome == outcome && result.attempts == 0 && result.status == -1);
    FORKED_EXPECT(strstr(result.message, "forked") != NULL);
    return outcome;
}

static void use_transport(void)
{
    struct otlp_transport_metrics metrics;
    struct otlp_endpoint_health health;
    FORKED_EXPECT(send_inherited() == OTLP_EXPORT_SHUT_DOWN);
    FORKED_EXPECT(otlp_exporter_flush(inherited, 0) == 0);
    FORKED_EXPECT(otlp_transport_check(inherited, 0) == OTLP_EENDED);
    otlp_transport_metrics(inherited, &metrics);
    FORKED_EXPECT(metrics.attempts == 0);
    FORKED_EXPECT(otlp_transport_health(inherited, &health, 1) == 1 && health.url != NULL);
    FORKED_EXPECT(otlp_exporter_shutdown(inherited, 20000ull * MS) == 0);
    otlp_exporter_free(inherited);
}

static void a_transport_is_its_makers(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200}};
    struct peer *peer = peer_start_http(steps, 1);
    inherited = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_JSON);
    assert_outcome(send_text(inherited, "{}"), OTLP_EXPORT_DELIVERED);
    assert_forked(use_transport);
    assert_outcome(send_text(inherited, "{}"), OTLP_EXPORT_DELIVERED);
    assert_int_equal(peer_requests(peer), 2);
    assert_int_equal(peer_connections(peer), 1); /* the child has not ended it */
    stop_exporter(inherited);
    peer_stop(peer);
}

static void use_file(void)
{
    FORKED_EXPECT(send_inherited() == OTLP_EXPORT_SHUT_DOWN);
    FORKED_EXPECT(otlp_exporter_flush(inherited, 0) == 0);
    FORKED_EXPECT(otlp_exporter_shutdown(inherited, 0) == 0);
    otlp_exporter_free(inherited);
}

static void a_file_is_its_openers(void **state)
{
    (void)state;
    char path[] = "/tmp/otlp-fork-XXXXXX";
    char content[64] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct otlp_file_options options = {.path = path};
    assert_int_equal(otlp_file_exporter_create(&options, &inherited), 0);
    assert_outcome(send_text(inherited, "{}"), OTLP_EXPORT_DELIVERED);
    assert_forked(use_file);
    assert_outcome(send_text(inherited, "{}"), OTLP_EXPORT_DELIVERED);
    stop_exporter(inherited);
    assert_int_equal(read(fd, content, sizeof content - 1), 6);
    assert_string_equal(content, "{}\n{}\n");
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transport_is_its_makers),
        cmocka_unit_test(a_file_is_its_openers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
