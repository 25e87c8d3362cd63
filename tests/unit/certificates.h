/* Certificates for tests, made on the spot: authorities, servers on 127.0.0.1, clients. */
#ifndef TESTS_UNIT_CERTIFICATES_H
#define TESTS_UNIT_CERTIFICATES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct certificate {
    EVP_PKEY *key;
    X509 *x509;
    char certificate_file[128];
    char key_file[128];
};

static inline void certificate_extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL || X509_add_ext(x509, extension, -1) != 1) {
        abort();
    }
    X509_EXTENSION_free(extension);
}

/* Signed by itself (issuer NULL: an authority) or by an issuer; valid until so many seconds from
 * now. Written to folder/name.pem and folder/name.key. */
static inline struct certificate certificate_make(const char *folder, const char *name,
                                                  const struct certificate *issuer, long seconds)
{
    static long serial = 1;
    struct certificate made = {.key = EVP_EC_gen("P-256"), .x509 = X509_new()};
    const struct certificate *signer = issuer == NULL ? &made : issuer;
    X509 *x509 = made.x509;
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x509), -7200);
    X509_gmtime_adj(X509_getm_notAfter(x509), seconds);
    X509_set_pubkey(x509, made.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x509, X509_get_subject_name(signer->x509));
    certificate_extend(x509, signer->x509, NID_basic_constraints,
                       issuer == NULL ? "critical,CA:TRUE" : "CA:FALSE");
    certificate_extend(x509, signer->x509, NID_subject_key_identifier, "hash");
    if (issuer != NULL) {
        certificate_extend(x509, signer->x509, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    }
    X509_sign(x509, signer->key, EVP_sha256());
    snprintf(made.certificate_file, sizeof made.certificate_file, "%s/%s.pem", folder, name);
    snprintf(made.key_file, sizeof made.key_file, "%s/%s.key", folder, name);
    FILE *file = fopen(made.certificate_file, "we");
    PEM_write_X509(file, x509);
    fclose(file);
    file = fopen(made.key_file, "we");
    PEM_write_PrivateKey(file, made.key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    return made;
}

static inline void certificate_release(struct certificate *certificate)
{
    remove(certificate->certificate_file);
    remove(certificate->key_file);
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
}

/* Chooses the first of what the client offers that is in `context`, a list as in ALPN. */
static inline int certificate_choose(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                                     const unsigned char *in, unsigned in_len, void *context)
{
    const unsigned char *wanted = context;
    (void)ssl;
    return SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, wanted,
                                 (unsigned)strlen(context), in, in_len) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_NOACK;
}

/* A server's side; `authority`: of the clients, which must then have a certificate; NULL: of none.
 * `protocols`: as in ALPN, "\2h2"; it must live on. */
static inline SSL_CTX *certificate_server(const struct certificate *certificate,
                                          const struct certificate *authority, char *protocols)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, certificate->x509);
    SSL_CTX_use_PrivateKey(context, certificate->key);
    SSL_CTX_set_alpn_select_cb(context, certificate_choose, protocols);
    if (authority != NULL) {
        SSL_CTX_load_verify_file(context, authority->certificate_file);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return context;
}

#endif
