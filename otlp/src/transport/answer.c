#include "transport/answer.h"

#include <string.h>

#include "ascii.h"
#include "transport/grpc.h"
#include "transport/retry.h"

/* More than any receiver has to say about one request. */
#define DETAILS_BYTES_MAX 16384

void otlp__answer_clear(struct otlp__answer *answer)
{
    struct otlp_buffer body = answer->body;
    struct otlp_buffer details = answer->details;
    body.len = 0;
    details.len = 0;
    *answer = (struct otlp__answer){.body = body, .details = details};
}

void otlp__answer_release(struct otlp__answer *answer)
{
    otlp_buffer_release(&answer->body);
    otlp_buffer_release(&answer->details);
}

static bool append(struct otlp__answer *answer, struct otlp_buffer *buffer, const void *data,
                   size_t data_len)
{
    if (otlp_buffer_reserve(buffer, data_len) != 0) {
        answer->is_out_of_memory = true;
        return false;
    }
    memcpy(buffer->data + buffer->len, data, data_len);
    buffer->len += data_len;
    return true;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200". */
static void take_status_line(struct otlp__answer *answer, const char *line, size_t line_len)
{
    const char *space = memchr(line, ' ', line_len);
    size_t left = space == NULL ? 0 : line_len - (size_t)(space - line);
    otlp__answer_clear(answer);
    if (left >= 4) {
        int status = 0;
        for (int i = 1; i <= 3 && space[i] >= '0' && space[i] <= '9'; i++) {
            status = status * 10 + (space[i] - '0');
        }
        answer->http_status = status;
    }
}

/* Several values may have been joined by commas: the first counts. */
static void take_details(struct otlp__answer *answer, const char *value, size_t value_len)
{
    const char *comma = memchr(value, ',', value_len);
    size_t len = comma == NULL ? value_len : (size_t)(comma - value);
    answer->details.len = 0;
    if (len == 0 || len > DETAILS_BYTES_MAX || !append(answer, &answer->details, value, len)) {
        return;
    }
    size_t decoded = otlp__grpc_parse_binary((char *)answer->details.data, len);
    answer->details.len = decoded == SIZE_MAX ? 0 : decoded;
}

static bool is_name(const char *line, size_t name_len, const char *name)
{
    return otlp__equal_fold(line, name_len, name, strlen(name));
}

void otlp__answer_header(struct otlp__answer *answer, const char *line, size_t line_len,
                         uint64_t now_unix_s)
{
    while (line_len > 0 && (line[line_len - 1] == '\r' || line[line_len - 1] == '\n')) {
        line_len--;
    }
    if (line_len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        take_status_line(answer, line, line_len);
        return;
    }
    const char *colon = memchr(line, ':', line_len);
    if (colon == NULL) {
        return;
    }
    size_t name_len = (size_t)(colon - line);
    const char *value = colon + 1;
    size_t value_len = line_len - name_len - 1;
    otlp__trim(&value, &value_len);
    if (is_name(line, name_len, "retry-after")) {
        answer->has_delay = otlp__retry_after(value, value_len, now_unix_s, &answer->delay_ns);
    } else if (is_name(line, name_len, "grpc-status")) {
        answer->has_grpc_code = true;
        answer->grpc_code = otlp__grpc_parse_code(value, value_len);
    } else if (is_name(line, name_len, "grpc-message")) {
        char message[OTLP__MESSAGE_BYTES * 2];
        otlp__grpc_parse_message(value, value_len, message, sizeof message);
        otlp__message_copy(answer->message, message, strlen(message));
    } else if (is_name(line, name_len, "grpc-status-details-bin")) {
        take_details(answer, value, value_len);
    } else if (is_name(line, name_len, "grpc-encoding")) {
        answer->body_is_unreadable =
            otlp_compression_from_name(value, value_len, &answer->body_compression) != 0;
    }
}

bool otlp__answer_body(struct otlp__answer *answer, const void *data, size_t data_len,
                       size_t bytes_max)
{
    if (data_len > bytes_max - answer->body.len) {
        answer->body_is_too_large = true;
        return false;
    }
    return append(answer, &answer->body, data, data_len);
}
