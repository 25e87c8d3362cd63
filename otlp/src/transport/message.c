#include "transport/message.h"

#include "utf8.h"

void otlp__message_copy(char message[OTLP__MESSAGE_BYTES], const char *text, size_t text_len)
{
    size_t len = text_len < OTLP__MESSAGE_BYTES - 1 ? text_len : OTLP__MESSAGE_BYTES - 1;
    while (len > 0 && len < text_len && ((unsigned char)text[len] & 0xc0) == 0x80) {
        len--;
    }
    bool is_utf8 = otlp__utf8_is_valid(text, len);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        message[i] = byte < 0x20 || byte == 0x7f ? ' ' : byte >= 0x80 && !is_utf8 ? '?' : text[i];
    }
    message[len] = '\0';
}
