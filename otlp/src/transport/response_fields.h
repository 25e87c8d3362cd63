/* What the transport needs of a response body, in either encoding. */
#ifndef OTLP_SRC_RESPONSE_FIELDS_H
#define OTLP_SRC_RESPONSE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/exporter.h>

#define OTLP__MESSAGE_BYTES 256

/* Of an Export<Signal>ServiceResponse. */
struct otlp__partial_success {
    bool is_present; /* something was rejected, or there is a warning */
    uint64_t rejected;
    char message[OTLP__MESSAGE_BYTES];
};

/* Of a google.rpc.Status. */
struct otlp__status_fields {
    bool has_retry_delay;
    uint64_t retry_delay_ns;
    char message[OTLP__MESSAGE_BYTES];
};

/* Both fill in all of their output whatever the input. OTLP_EFORMAT: it cannot be decoded (what was
 * found before is kept); OTLP_ENOMEM. */
int otlp__partial_success_parse(enum otlp_encoding encoding, const uint8_t *data, size_t data_len,
                                struct otlp__partial_success *partial);
int otlp__status_parse(enum otlp_encoding encoding, const uint8_t *data, size_t data_len,
                       struct otlp__status_fields *status);

/* Copies text, cut at a character to fit with its NUL; what is not UTF-8 loses its bytes above
 * 0x7f. */
void otlp__message_copy(char message[OTLP__MESSAGE_BYTES], const char *text, size_t text_len);

#endif
