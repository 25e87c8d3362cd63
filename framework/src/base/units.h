/* Numbers with units, read and printed by one table. */
#ifndef ASSAY_BASE_UNITS_H
#define ASSAY_BASE_UNITS_H

#include "base/str.h"

#include <stdbool.h>

/* "2", "2s", "500ms", "1.5 min": seconds. false when the text is no duration. */
bool units_parse_seconds(const char *text, double *seconds);
/* "1%" or "0.01": a fraction. false when the text is none. */
bool units_parse_fraction(const char *text, double *fraction);

/* Factor and name of the unit in which a time of this many nanoseconds reads best, or of the wanted
 * unit
 * ("ns", "us", "ms", "s") when it is not NULL and known. */
struct unit {
    double factor;
    const char *name;
};
struct unit units_for_ns(double ns, const char *wanted);

/* Four significant digits and the unit: "12.31 ns", "1.204 ms". */
void units_add_ns(struct str *out, double ns, const char *wanted);
/* A rate a second, decimal prefixes: "81.20 Melem/s", "3.460 GB/s". */
void units_add_rate(struct str *out, double per_second, const char *noun);
/* "+1.25 %". */
void units_add_percent(struct str *out, double fraction);
/* A number in four significant digits without an exponent where it can be avoided. */
void units_add_number(struct str *out, double value);

#endif
