#include "work.h"

static size_t skip_string(const char *text, size_t bytes, size_t at)
{
    while (at < bytes && text[at] != '"') {
        at += text[at] == '\\' ? 2 : 1;
    }
    return at < bytes ? at + 1 : bytes;
}

static size_t read_number(const char *text, size_t bytes, size_t at, uint64_t *number)
{
    uint64_t value = 0;
    while (at < bytes && text[at] >= '0' && text[at] <= '9') {
        value = value * 10 + (uint64_t)(text[at] - '0');
        at++;
    }
    *number = value;
    return at;
}

void parse_work(const char *text, size_t bytes, struct parse_counts *counts)
{
    struct parse_counts found = {0};
    size_t at = 0;
    while (at < bytes) {
        uint64_t number = 0;
        switch (text[at]) {
        case '{':
            found.objects++;
            at++;
            break;
        case '"':
            found.strings++;
            at = skip_string(text, bytes, at + 1);
            break;
        case '0':
        case '1':
        case '2':
        case '3':
        case '4':
        case '5':
        case '6':
        case '7':
        case '8':
        case '9':
            found.numbers++;
            at = read_number(text, bytes, at, &number);
            found.sum += number;
            break;
        case 't':
        case 'n':
            at += 4;
            break;
        case 'f':
            at += 5;
            break;
        default:
            at++;
            break;
        }
    }
    *counts = found;
}
