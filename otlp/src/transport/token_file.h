/* A bearer token that lives in a file and may change there. One thread at a time. */
#ifndef OTLP_SRC_TOKEN_FILE_H
#define OTLP_SRC_TOKEN_FILE_H

#include <sys/stat.h>

#define OTLP__TOKEN_BYTES_MAX 16384

/* All zero, with a name: not read yet. */
struct otlp__token_file {
    const char *name; /* NULL: there is none */
    char *token;
    struct stat seen;
};

/* The token, read again when the file has changed; NULL: there is none. One that cannot be read any
 * more, or sent in a header, leaves the last one. */
const char *otlp__token_file_get(struct otlp__token_file *file);

void otlp__token_file_release(struct otlp__token_file *file);

#endif
