#include "base/units.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    double seconds;
} durations[] = {
    {"", 1},      {"s", 1},    {"ms", 1e-3}, {"us", 1e-6},
    {"ns", 1e-9}, {"min", 60}, {"m", 60},    {"h", 3600},
};

static const struct unit times[] = {{1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}};
static const struct unit rates[] = {{1, ""}, {1e3, "K"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}};

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

/* A plain decimal number; strtod alone would also take "nan", "inf" and "0x1p3". */
static bool parse_decimal(const char *text, double *value, const char **rest)
{
    const char *c = text + strspn(text, "+-");
    if (!isdigit((unsigned char)*c) && !(*c == '.' && isdigit((unsigned char)c[1]))) {
        return false;
    }
    if (c[0] == '0' && (c[1] == 'x' || c[1] == 'X')) {
        return false;
    }
    char *end;
    *value = strtod(text, &end);
    *rest = end + strspn(end, " ");
    return end != text && isfinite(*value);
}

bool units_parse_seconds(const char *text, double *seconds)
{
    double value;
    const char *rest;
    if (!parse_decimal(text, &value, &rest)) {
        return false;
    }
    for (size_t i = 0; i < LENGTH(durations); i++) {
        if (strcmp(rest, durations[i].name) == 0) {
            *seconds = value * durations[i].seconds;
            return true;
        }
    }
    return false;
}

bool units_parse_fraction(const char *text, double *fraction)
{
    double value;
    const char *rest;
    if (!parse_decimal(text, &value, &rest) || (*rest != '\0' && strcmp(rest, "%") != 0)) {
        return false;
    }
    *fraction = *rest == '%' ? value / 100 : value;
    return true;
}

struct unit units_for_ns(double ns, const char *wanted)
{
    for (size_t i = 0; wanted != NULL && i < LENGTH(times); i++) {
        if (strcmp(wanted, times[i].name) == 0) {
            return times[i];
        }
    }
    size_t i = 0;
    while (i + 1 < LENGTH(times) && fabs(ns) >= times[i + 1].factor * 0.99995) {
        i++;
    }
    return times[i];
}

/* Zeros behind the point before the first digit of a number below 1. */
static int small_zeros(double size)
{
    int zeros = 0;
    while (size > 0 && size < 0.099995 && zeros < 3) {
        size *= 10;
        zeros++;
    }
    return zeros;
}

void units_add_number(struct str *out, double value)
{
    double size = fabs(value);
    if (size != 0 && (size < 1e-4 || size >= 1e9)) {
        str_format(out, "%.3e", value);
        return;
    }
    int decimals = size >= 999.95    ? 0
                   : size >= 99.995  ? 1
                   : size >= 9.9995  ? 2
                   : size >= 0.99995 ? 3
                                     : 4 + small_zeros(size);
    str_format(out, "%.*f", decimals, value);
}

void units_add_ns(struct str *out, double ns, const char *wanted)
{
    struct unit unit = units_for_ns(ns, wanted);
    units_add_number(out, ns / unit.factor);
    str_format(out, " %s", unit.name);
}

void units_add_rate(struct str *out, double per_second, const char *noun)
{
    size_t i = 0;
    while (i + 1 < LENGTH(rates) && per_second >= rates[i + 1].factor * 0.99995) {
        i++;
    }
    units_add_number(out, per_second / rates[i].factor);
    str_format(out, " %s%s/s", rates[i].name, noun);
}

void units_add_percent(struct str *out, double fraction)
{
    double percent = fraction * 100;
    int decimals = fabs(percent) >= 99.95 ? 0 : fabs(percent) >= 9.995 ? 1 : 2;
    str_format(out, "%+.*f %%", decimals, percent);
}
