#include "response_internal.h"

#include "json_write.h"
#include "wire_read.h"

#define SECONDS_MAX (INT64_MAX / OTLP__NS_PER_S)

/* A Duration as the structure keeps it: none below 0, none above 2^63 - 1 ns. nanos are less than
 * 2^31 whatever was sent. */
static uint64_t delay_of(int64_t seconds, int64_t nanos)
{
    if (seconds < 0 || nanos < 0) {
        return 0;
    }
    if (seconds >= (int64_t)SECONDS_MAX - 3) {
        return INT64_MAX;
    }
    return (uint64_t)seconds * OTLP__NS_PER_S + (uint64_t)nanos;
}

/* The detail: an Any with a RetryInfo with a Duration, the lengths of which fit one byte each. */
static void put_retry_info(uint8_t **at, uint64_t delay_ns)
{
    uint64_t seconds = delay_ns / OTLP__NS_PER_S;
    uint64_t nanos = delay_ns % OTLP__NS_PER_S;
    size_t duration_size = (seconds != 0 ? 1 + otlp__varint_size(seconds) : 0) +
                           (nanos != 0 ? 1 + otlp__varint_size(nanos) : 0);
    size_t url_len = sizeof OTLP__RETRY_INFO_URL - 1;
    otlp__put_byte(at, 0x1a);
    otlp__put_byte(at, (uint8_t)(2 + url_len + 2 + 2 + duration_size));
    otlp__put_text(at, 0x0a, OTLP__RETRY_INFO_URL, url_len);
    otlp__put_byte(at, 0x12);
    otlp__put_byte(at, (uint8_t)(2 + duration_size));
    otlp__put_byte(at, 0x0a);
    otlp__put_byte(at, (uint8_t)duration_size);
    otlp__put_nonzero(at, 0x08, seconds);
    otlp__put_nonzero(at, 0x10, nanos);
}

static int put_status(struct otlp__writer *writer, const struct otlp_status *status)
{
    size_t message_len = strlen(status->message);
    int rc = otlp__room(writer, message_len + 128);
    if (rc == 0) {
        otlp__put_nonzero(&writer->at, 0x08, (uint64_t)(int64_t)status->code);
        otlp__put_text(&writer->at, 0x12, status->message, message_len);
        if (status->has_retry_info) {
            put_retry_info(&writer->at, status->retry_delay_ns);
        }
    }
    return rc;
}

/* "1.500000000s" */
static void put_duration_json(uint8_t **at, uint64_t delay_ns)
{
    otlp__json_digits(at, delay_ns / OTLP__NS_PER_S);
    if (delay_ns % OTLP__NS_PER_S != 0) {
        uint8_t *point = *at;
        otlp__json_digits(at, OTLP__NS_PER_S + delay_ns % OTLP__NS_PER_S);
        *point = '.';
    }
    otlp__put_byte(at, 's');
}

static int put_status_json(struct otlp__writer *writer, const struct otlp_status *status)
{
    static const char detail[] =
        ",\"details\":[{\"@type\":\"" OTLP__RETRY_INFO_URL "\",\"retryDelay\":\"";
    int rc = otlp__room(writer, 40);
    if (rc != 0) {
        return rc;
    }
    otlp__put_raw(&writer->at, "{\"code\":", 8);
    otlp__json_integer(&writer->at, status->code);
    rc = otlp__json_raw(writer, ",\"message\":", 11);
    if (rc == 0) {
        rc = otlp__json_string(writer, status->message, strlen(status->message));
    }
    if (rc == 0 && status->has_retry_info && (rc = otlp__room(writer, sizeof detail + 40)) == 0) {
        otlp__put_raw(&writer->at, detail, sizeof detail - 1);
        put_duration_json(&writer->at, status->retry_delay_ns);
        otlp__put_raw(&writer->at, "\"}]", 3);
    }
    return rc == 0 ? otlp__json_raw(writer, "}", 1) : rc;
}

int otlp_status_encode(enum otlp_encoding encoding, const struct otlp_status *status,
                       struct otlp_buffer *out)
{
    struct otlp__writer writer = otlp__writer_on(out);
    int rc = encoding == OTLP_ENCODING_JSON ? put_status_json(&writer, status)
                                            : put_status(&writer, status);
    return otlp__writer_finish(&writer, rc);
}

static bool read_duration(const uint8_t *at, const uint8_t *end, struct otlp_status *status)
{
    uint32_t number;
    unsigned wire;
    uint64_t parts[2] = {0, 0};
    while (at < end) {
        if (!otlp__read_tag(&at, end, &number, &wire)) {
            return false;
        }
        if (number > 2) {
            if (!otlp__skip_value(&at, end, wire)) {
                return false;
            }
        } else if (wire != OTLP__WIRE_VARINT || !otlp__read_varint(&at, end, &parts[number - 1])) {
            return false;
        }
    }
    status->retry_delay_ns = delay_of((int64_t)parts[0], (int32_t)(uint32_t)parts[1]);
    return true;
}

static bool read_retry_info(const uint8_t *at, const uint8_t *end, struct otlp_status *status)
{
    const uint8_t *bytes;
    size_t len;
    status->has_retry_info = true;
    while (otlp__find_bytes(&at, end, 1, &bytes, &len)) {
        if (bytes == NULL) {
            return true;
        }
        if (!read_duration(bytes, bytes + len, status)) {
            return false;
        }
    }
    return false;
}

/* Whatever stands before the last slash of a type's URL. */
static bool is_retry_info(const char *url, size_t url_len)
{
    static const char name[] = "/google.rpc.RetryInfo";
    size_t name_len = sizeof name - 1;
    return url_len >= name_len && memcmp(url + url_len - name_len, name, name_len) == 0;
}

static bool read_detail(const uint8_t *at, const uint8_t *end, struct otlp_status *status)
{
    uint32_t number;
    unsigned wire;
    const uint8_t *texts[2] = {NULL, NULL};
    size_t lens[2] = {0, 0};
    while (at < end) {
        if (!otlp__read_tag(&at, end, &number, &wire)) {
            return false;
        }
        if (number > 2) {
            if (!otlp__skip_value(&at, end, wire)) {
                return false;
            }
        } else if (wire != OTLP__WIRE_BYTES ||
                   !otlp__read_bytes(&at, end, &texts[number - 1], &lens[number - 1])) {
            return false;
        }
    }
    if (!is_retry_info((const char *)texts[0], lens[0])) {
        return true;
    }
    if (texts[1] == NULL) {
        status->has_retry_info = true;
        return true;
    }
    return read_retry_info(texts[1], texts[1] + lens[1], status);
}

static bool read_status(const uint8_t *at, const uint8_t *end, struct otlp_status *status)
{
    uint32_t number;
    unsigned wire;
    uint64_t value;
    const uint8_t *bytes;
    size_t len;
    while (at < end) {
        if (!otlp__read_tag(&at, end, &number, &wire)) {
            return false;
        }
        if (number == 1) {
            if (wire != OTLP__WIRE_VARINT || !otlp__read_varint(&at, end, &value)) {
                return false;
            }
            status->code = (int32_t)(uint32_t)value;
        } else if (number == 2 || number == 3) {
            if (wire != OTLP__WIRE_BYTES || !otlp__read_bytes(&at, end, &bytes, &len) ||
                (number == 3 && !read_detail(bytes, bytes + len, status))) {
                return false;
            }
            if (number == 2) {
                otlp__message_set(status->message, (const char *)bytes, len);
            }
        } else if (!otlp__skip_value(&at, end, wire)) {
            return false;
        }
    }
    return true;
}

/* "12s", "0.25s", "-1s"; up to nine decimals. */
static bool read_duration_json(struct otlp__json_token token, uint64_t *delay_ns)
{
    double seconds;
    if (!token.is_string || token.len < 2 || token.text[token.len - 1] != 's') {
        return false;
    }
    token.len--;
    token.is_string = false;
    if (!otlp__json_to_double(token, &seconds)) {
        return false;
    }
    /* A double holds a nanosecond of a delay of weeks. */
    double whole = seconds > 0 ? (double)(uint64_t)(seconds < 1e9 ? seconds : 1e9) : 0;
    *delay_ns = seconds >= (double)SECONDS_MAX ? INT64_MAX
                : seconds <= 0                 ? 0
                : seconds >= 1e9
                    ? (uint64_t)seconds * OTLP__NS_PER_S
                    : delay_of((int64_t)whole, (int64_t)((seconds - whole) * 1e9 + 0.5));
    return true;
}

/* Some writers escape the slashes. */
static bool is_retry_info_json(struct otlp__json *json, struct otlp__json_token token)
{
    char url[256];
    if (token.len > sizeof url) {
        return false;
    }
    return is_retry_info(url, otlp__json_unescape(json, token, url));
}

static bool read_detail_json(struct otlp__json *json, struct otlp_status *status)
{
    char key[64];
    size_t key_len;
    bool is_retry = false;
    uint64_t delay_ns = 0;
    otlp__json_expect(json, '{');
    for (bool first = true; otlp__response_next(json, first, key, &key_len); first = false) {
        bool is_type = otlp__response_is_key(key, key_len, "@type");
        bool is_delay = otlp__response_is_key(key, key_len, "retryDelay");
        if ((!is_type && !is_delay) || otlp__json_peek(json) != '"') {
            otlp__json_skip(json);
            continue;
        }
        struct otlp__json_token token = otlp__json_take_string(json);
        if (!json->failed && is_type) {
            is_retry = is_retry_info_json(json, token);
        } else if (!json->failed && !read_duration_json(token, &delay_ns)) {
            return false;
        }
    }
    if (is_retry) {
        status->has_retry_info = true;
        status->retry_delay_ns = delay_ns;
    }
    return !json->failed;
}

static bool read_details_json(struct otlp__json *json, struct otlp_status *status)
{
    otlp__json_expect(json, '[');
    for (bool first = true; otlp__json_next(json, ']', first); first = false) {
        if (!read_detail_json(json, status)) {
            return false;
        }
    }
    return !json->failed;
}

static bool read_code_json(struct otlp__json *json, struct otlp_status *status)
{
    int64_t code;
    if (!otlp__json_to_int64(otlp__json_take_scalar(json), &code) || code < INT32_MIN ||
        code > INT32_MAX) {
        return false;
    }
    status->code = (int32_t)code;
    return true;
}

static bool read_status_json(struct otlp__json *json, struct otlp_status *status)
{
    char key[64];
    size_t key_len;
    bool is_right = true;
    otlp__json_expect(json, '{');
    for (bool first = true; is_right && otlp__response_next(json, first, key, &key_len);
         first = false) {
        bool is_code = otlp__response_is_key(key, key_len, "code");
        bool is_message = otlp__response_is_key(key, key_len, "message");
        bool is_details = otlp__response_is_key(key, key_len, "details");
        if (!is_code && !is_message && !is_details) {
            otlp__json_skip(json);
        } else if (otlp__json_take_null(json)) {
            continue;
        } else if (is_code) {
            is_right = read_code_json(json, status);
        } else if (is_message) {
            otlp__response_message(json, status->message);
        } else {
            is_right = read_details_json(json, status);
        }
    }
    return is_right && otlp__response_is_over(json);
}

int otlp_status_decode(enum otlp_encoding encoding, const uint8_t *data, size_t data_len,
                       struct otlp_status *status)
{
    struct otlp_status decoded = {0};
    bool is_read;
    if (data_len == 0) {
        is_read = encoding != OTLP_ENCODING_JSON;
    } else if (encoding == OTLP_ENCODING_JSON) {
        const char *text = (const char *)data;
        struct otlp__json json = {text, text + data_len, false, false};
        is_read = read_status_json(&json, &decoded);
    } else {
        is_read = read_status(data, data + data_len, &decoded);
    }
    if (!is_read) {
        return OTLP_EFORMAT;
    }
    *status = decoded;
    return 0;
}
