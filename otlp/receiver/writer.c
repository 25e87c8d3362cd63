#include "writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_with_suffix(const char *path, const char *suffix)
{
    size_t bytes = strlen(path) + strlen(suffix) + 2;
    char *name = malloc(bytes);
    if (name == NULL) {
        return NULL;
    }
    snprintf(name, bytes, "%s%s%s", path, suffix[0] != '\0' ? "." : "", suffix);
    FILE *file = fopen(name, "wbe");
    int error = errno;
    free(name);
    errno = error;
    return file;
}

int otlp__rx_writer_open(struct rx_writer *writer, enum otlp_receiver_write form, const char *path)
{
    memset(writer, 0, sizeof *writer);
    writer->form = form;
    pthread_mutex_init(&writer->mutex, NULL);
    if (form == OTLP_RECEIVER_WRITE_NONE) {
        return 0;
    }
    size_t count = form == OTLP_RECEIVER_WRITE_JSON ? 1 : OTLP_SIGNAL_COUNT;
    for (size_t i = 0; i < count; i++) {
        const char *suffix =
            form == OTLP_RECEIVER_WRITE_JSON ? "" : otlp_signal_name((enum otlp_signal)i);
        writer->files[i] = open_with_suffix(path, suffix);
        if (writer->files[i] == NULL) {
            int error = errno;
            otlp__rx_writer_close(writer);
            errno = error;
            return OTLP_EIO;
        }
    }
    return 0;
}

static bool put_bytes(FILE *file, const uint8_t *data, size_t len)
{
    return len == 0 || fwrite(data, 1, len, file) == len;
}

/* JSON text has line ends only between its tokens. */
static bool put_line(FILE *file, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t run = 0;
        while (run < len && data[run] != '\n' && data[run] != '\r') {
            run++;
        }
        if (!put_bytes(file, data, run)) {
            return false;
        }
        run += run < len;
        data += run;
        len -= run;
    }
    return putc('\n', file) != EOF;
}

static bool put_delimited(FILE *file, const uint8_t *data, size_t len)
{
    uint8_t varint[10];
    size_t digits = 0;
    for (size_t rest = len; digits == 0 || rest > 0; rest >>= 7) {
        varint[digits++] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    }
    return put_bytes(file, varint, digits) && put_bytes(file, data, len);
}

int otlp__rx_writer_put(struct rx_writer *writer, const struct otlp_receiver_request *request)
{
    bool is_json = writer->form == OTLP_RECEIVER_WRITE_JSON;
    if (writer->form == OTLP_RECEIVER_WRITE_NONE) {
        return 0;
    }
    if (is_json != (request->encoding == OTLP_ENCODING_JSON)) {
        return OTLP_EUNSUPPORTED;
    }
    FILE *file = writer->files[is_json ? 0 : request->signal];
    pthread_mutex_lock(&writer->mutex);
    bool is_written = (is_json ? put_line(file, request->data, request->data_len)
                               : put_delimited(file, request->data, request->data_len)) &&
                      fflush(file) == 0;
    writer->is_broken = writer->is_broken || !is_written;
    pthread_mutex_unlock(&writer->mutex);
    return is_written ? 0 : OTLP_EIO;
}

int otlp__rx_writer_close(struct rx_writer *writer)
{
    bool is_good = !writer->is_broken;
    for (size_t i = 0; i < OTLP_SIGNAL_COUNT; i++) {
        if (writer->files[i] != NULL) {
            is_good = fclose(writer->files[i]) == 0 && is_good;
            writer->files[i] = NULL;
        }
    }
    pthread_mutex_destroy(&writer->mutex);
    return is_good ? 0 : OTLP_EIO;
}
