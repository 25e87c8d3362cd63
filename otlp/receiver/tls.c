#include "tls.h"

#include "service.h"

#include <openssl/err.h>
#include <string.h>

static const unsigned char protocols[] = "\x02h2\x08http/1.1";

#define H2_BYTES 3 /* of the list, which begins with it */

static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len,
                           const unsigned char *offered, unsigned int offered_len, void *unused)
{
    (void)unused;
    unsigned ours_len = SSL_get_app_data(ssl) != NULL ? H2_BYTES : sizeof protocols - 1;
    unsigned char *found;
    if (SSL_select_next_proto(&found, chosen_len, protocols, ours_len, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static const char *load(SSL_CTX *context, const struct otlp_receiver_options *options)
{
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate_file) != 1) {
        return options->certificate_file;
    }
    if (SSL_CTX_use_PrivateKey_file(context, options->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return options->key_file;
    }
    if (options->client_ca_file == NULL) {
        return NULL;
    }
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(options->client_ca_file);
    if (names == NULL ||
        SSL_CTX_load_verify_locations(context, options->client_ca_file, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return options->client_ca_file;
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return NULL;
}

int otlp__rx_tls_create(const struct otlp_receiver_options *options, SSL_CTX **context,
                        char *message, size_t message_bytes)
{
    *context = NULL;
    if (options->certificate_file == NULL) {
        return 0;
    }
    SSL_CTX *made = SSL_CTX_new(TLS_server_method());
    if (made == NULL) {
        return otlp__rx_say(OTLP_ENOMEM, message, message_bytes, "no memory for TLS");
    }
    SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
    SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(made, choose_protocol, NULL);
    static const unsigned char session_context[] = "otlp";
    SSL_CTX_set_session_id_context(made, session_context, sizeof session_context - 1);
    ERR_clear_error();
    const char *failed = load(made, options);
    if (failed != NULL) {
        const char *reason = ERR_reason_error_string(ERR_peek_error());
        otlp__rx_say(0, message, message_bytes, "%s cannot be used: %s", failed,
                     reason != NULL ? reason : "unknown reason");
        ERR_clear_error();
        SSL_CTX_free(made);
        return OTLP_EIO;
    }
    *context = made;
    return 0;
}

bool otlp__rx_tls_is_h2(const SSL *ssl)
{
    const unsigned char *name;
    unsigned int len;
    SSL_get0_alpn_selected(ssl, &name, &len);
    return len == 2 && memcmp(name, "h2", 2) == 0;
}

SSL *otlp__rx_tls_accept(SSL_CTX *context, int fd, bool h2_only)
{
    static char yes;
    SSL *ssl = SSL_new(context);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_app_data(ssl, h2_only ? &yes : NULL);
    SSL_set_accept_state(ssl);
    return ssl;
}
