#include "document_internal.h"
#include "encode_internal.h"
#include "json_encode.h"

static int encode(const struct otlp_document *document, enum otlp_encoding encoding,
                  struct otlp_buffer *out)
{
    const struct otlp__message *message = otlp__request_message(document->signal);
    struct otlp__writer writer = otlp__writer_on(out);
    int rc = encoding == OTLP_ENCODING_JSON
                 ? otlp__json_message(&writer, message, &document->request)
                 : otlp__put_message(&writer, message, &document->request);
    return otlp__writer_finish(&writer, rc);
}

int otlp_document_encode(const struct otlp_document *document, enum otlp_encoding encoding,
                         struct otlp_buffer *out)
{
    int rc = encode(document, encoding, out);
    if (rc == OTLP_ENOSPC) {
        struct otlp_buffer elsewhere = {0};
        rc = encode(document, encoding, &elsewhere);
        if (rc == 0) {
            rc = otlp_buffer_reserve(out, elsewhere.len);
        }
        if (rc == 0 && elsewhere.len > 0) {
            memcpy(out->data + out->len, elsewhere.data, elsewhere.len);
            out->len += elsewhere.len;
        }
        otlp_buffer_release(&elsewhere);
    }
    return rc;
}
