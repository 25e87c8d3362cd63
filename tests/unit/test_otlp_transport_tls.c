/* TLS and mutual TLS, good and bad, for every protocol. */
#include "certificates.h"
#include "exporting.h"
#include "peer_grpc.h"
#include "peer_http.h"

static const struct peer_step http_steps[] = {{.status = 200}};
static const struct peer_step grpc_steps[] = {
    {.headers = "grpc-status: 0\n", .body = "\0\0\0\0", .body_len = 5}};

static char h2[] = "\2h2";
static char http11[] = "\10http/1.1";

struct world {
    char folder[64];
    struct certificate authority;
    struct certificate other_authority;
    struct certificate server;
    struct certificate expired;
    struct certificate client;
    struct certificate stranger;
};

static int make_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    *state = world;
    snprintf(world->folder, sizeof world->folder, "/tmp/otlp-tls-XXXXXX");
    if (mkdtemp(world->folder) == NULL) {
        return -1;
    }
    world->authority = certificate_make(world->folder, "authority", NULL, 86400);
    world->other_authority = certificate_make(world->folder, "other", NULL, 86400);
    world->server = certificate_make(world->folder, "server", &world->authority, 86400);
    world->expired = certificate_make(world->folder, "expired", &world->authority, -3600);
    world->client = certificate_make(world->folder, "client", &world->authority, 86400);
    world->stranger = certificate_make(world->folder, "stranger", &world->other_authority, 86400);
    return 0;
}

static int end_world(void **state)
{
    struct world *world = *state;
    certificate_release(&world->authority);
    certificate_release(&world->other_authority);
    certificate_release(&world->server);
    certificate_release(&world->expired);
    certificate_release(&world->client);
    certificate_release(&world->stranger);
    rmdir(world->folder);
    free(world);
    return 0;
}

struct attempt {
    const struct certificate *server;
    const struct certificate *clients; /* whose authority the server asks for */
    struct otlp_tls_options tls;
    uint64_t timeout_ns;
};

static void assert_result(struct otlp_export_result result, enum otlp_export_outcome wanted,
                          const char *text)
{
    assert_outcome(result, wanted);
    if (wanted == OTLP_EXPORT_REFUSED) {
        assert_int_equal(result.attempts, 1);
    }
    if (strstr(result.message, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, result.message);
    }
}

/* Sends two requests to a server of each protocol; the outcome is the same for all. */
static void try_all(const struct attempt *attempt, enum otlp_export_outcome wanted,
                    const char *text)
{
    for (int protocol = 0; protocol < OTLP_PROTOCOL_COUNT; protocol++) {
        bool is_grpc = protocol == OTLP_PROTOCOL_GRPC;
        SSL_CTX *context =
            certificate_server(attempt->server, attempt->clients, is_grpc ? h2 : http11);
        struct peer *peer = peer_start_at(0, is_grpc ? peer_serve_grpc : peer_serve_http, context,
                                          is_grpc ? grpc_steps : http_steps, 1);
        struct otlp_endpoint endpoint = {.url = peer->url};
        struct otlp_transport_options options = quick_options(&endpoint, 1);
        options.protocol = (enum otlp_protocol)protocol;
        options.tls = attempt->tls;
        options.breaker.failures = UINT32_MAX;
        options.timeout_ns = attempt->timeout_ns == 0 ? options.timeout_ns : attempt->timeout_ns;
        struct otlp_exporter *exporter = start_exporter(&options);
        for (int i = 0; i < 2; i++) {
            assert_result(send_text(exporter, "abc"), wanted, text);
        }
        stop_exporter(exporter);
        if (wanted == OTLP_EXPORT_DELIVERED) {
            assert_int_equal(peer->connection_count, 1);
        } else {
            assert_int_equal(peer->request_count, 0);
        }
        peer_stop(peer);
        SSL_CTX_free(context);
    }
}

static void a_known_authority_is_trusted(void **state)
{
    struct world *world = *state;
    struct attempt attempt = {.server = &world->server,
                              .tls = {.ca_file = world->authority.certificate_file}};
    try_all(&attempt, OTLP_EXPORT_DELIVERED, "");
}

static void others_are_not(void **state)
{
    struct world *world = *state;
    struct attempt attempt = {.server = &world->server,
                              .tls = {.ca_file = world->other_authority.certificate_file}};
    try_all(&attempt, OTLP_EXPORT_REFUSED, "certificate");
    attempt.tls.ca_file = NULL;
    try_all(&attempt, OTLP_EXPORT_REFUSED, "certificate");
}

static void unless_one_insists(void **state)
{
    struct world *world = *state;
    struct attempt attempt = {.server = &world->server, .tls = {.accept_any_server = true}};
    try_all(&attempt, OTLP_EXPORT_DELIVERED, "");
}

static void an_expired_certificate_is_refused(void **state)
{
    struct world *world = *state;
    struct attempt attempt = {.server = &world->expired,
                              .tls = {.ca_file = world->authority.certificate_file}};
    try_all(&attempt, OTLP_EXPORT_REFUSED, "expired");
}

static void clients_show_their_certificate(void **state)
{
    struct world *world = *state;
    struct attempt attempt = {.server = &world->server,
                              .clients = &world->authority,
                              .tls = {.ca_file = world->authority.certificate_file,
                                      .certificate_file = world->client.certificate_file,
                                      .key_file = world->client.key_file}};
    try_all(&attempt, OTLP_EXPORT_DELIVERED, "");
}

/* The server says no after the handshake: to the client a broken connection, which is tried again.
 */
static void strangers_get_nothing_through(void **state)
{
    struct world *world = *state;
    struct attempt attempt = {.server = &world->server,
                              .clients = &world->authority,
                              .tls = {.ca_file = world->authority.certificate_file},
                              .timeout_ns = 60 * MS};
    try_all(&attempt, OTLP_EXPORT_TIMED_OUT, "");
    attempt.tls.certificate_file = world->stranger.certificate_file;
    attempt.tls.key_file = world->stranger.key_file;
    try_all(&attempt, OTLP_EXPORT_TIMED_OUT, "");
}

static void files_must_be_there_and_in_pairs(void **state)
{
    struct world *world = *state;
    struct otlp_exporter *exporter;
    struct otlp_transport_options options = {.tls = {.ca_file = "/nonexistent.pem"}};
    assert_int_equal(otlp_transport_create(&options, &exporter), OTLP_EIO);
    options.tls = (struct otlp_tls_options){.certificate_file = world->client.certificate_file};
    assert_int_equal(otlp_transport_create(&options, &exporter), OTLP_EINVAL);
    options.tls.key_file = "/nonexistent.key";
    assert_int_equal(otlp_transport_create(&options, &exporter), OTLP_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_authority_is_trusted),
        cmocka_unit_test(others_are_not),
        cmocka_unit_test(unless_one_insists),
        cmocka_unit_test(an_expired_certificate_is_refused),
        cmocka_unit_test(clients_show_their_certificate),
        cmocka_unit_test(strangers_get_nothing_through),
        cmocka_unit_test(files_must_be_there_and_in_pairs),
    };
    return cmocka_run_group_tests(tests, make_world, end_world);
}
