#include "specimen_values.h"

#include <math.h>

static const uint8_t some_bytes[] = {0x00, 0xff, 0x80, 0x7f, 0x0a};

static const struct otlp_value mixed[] = {
    STRING("x"), INT(-1), {.type = OTLP_VALUE_EMPTY}, REAL(2.0), BOOL(false),
};
static const struct otlp_value outer[] = {ARRAY(mixed), STRING("")};
static const struct otlp_attribute inner_map[] = {{KEY("list"), .value = ARRAY(mixed)}};
static const struct otlp_attribute map[] = {
    {KEY("inner"), .value = KVLIST(inner_map)},
    {KEY("none"), .value = {.type = OTLP_VALUE_KVLIST}},
};

const struct otlp_attribute specimen_attributes[SPECIMEN_ATTRIBUTES] = {
    {KEY("string"), .value = STRING(SPECIMEN_TEXT)},
    {KEY("string.empty"), .value = STRING("")},
    {KEY("true"), .value = BOOL(true)},
    {KEY("false"), .value = BOOL(false)},
    {KEY("int"), .value = INT(42)},
    {KEY("int.zero"), .value = INT(0)},
    {KEY("int.max"), .value = INT(INT64_MAX)},
    {KEY("int.min"), .value = INT(INT64_MIN)},
    {KEY("double"), .value = REAL(0.1)},
    {KEY("double.zero"), .value = REAL(0.0)},
    {KEY("double.minus.zero"), .value = REAL(-0.0)},
    {KEY("double.large"), .value = REAL(1.7976931348623157e308)},
    {KEY("double.small"), .value = REAL(5e-324)},
    {KEY("double.infinite"), .value = REAL(INFINITY)},
    {KEY("double.nan"), .value = REAL(NAN)},
    {KEY("bytes"), .value = BYTES(some_bytes)},
    {KEY("bytes.empty"), .value = {.type = OTLP_VALUE_BYTES}},
    {KEY("array"), .value = ARRAY(outer)},
    {KEY("map"), .value = KVLIST(map)},
    {KEY("nothing"), .value = {.type = OTLP_VALUE_EMPTY}},
};

const struct otlp_trace_id specimen_trace_id = {{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                                 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}};
const struct otlp_span_id specimen_span_id = {{0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10}};
