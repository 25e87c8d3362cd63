/* What a run prints on standard output: one format is one row of a table. */
#ifndef ASSAY_PRESENT_FORMAT_H
#define ASSAY_PRESENT_FORMAT_H

#include "base/str.h"
#include "present/result.h"

#include <stdbool.h>
#include <stddef.h>

struct printer {
    const struct result *result;
    bool colour;
    bool verbose;
    size_t id_width; /* columns of the longest id, within reason */
    size_t printed;
};

/* Each function adds its text to `out`. begin comes before the first benchmark, end after the last;
 * either may be NULL. A benchmark that was not measured is passed too. */
struct format {
    const char *name;
    const char *help;
    void (*begin)(const struct printer *p, struct str *out);
    void (*benchmark)(const struct printer *p, const struct result_benchmark *b, struct str *out);
    void (*end)(const struct printer *p, struct str *out);
    bool figures_only; /* has no place for a failure: standard error is told of it */
};

extern const struct format format_line;
extern const struct format format_criterion;
extern const struct format format_bencher;
extern const struct format format_json;
extern const struct format format_gbench;
extern const struct format format_go;

/* All of them, the default first; `*count` is how many. */
const struct format *const *format_table(size_t *count);

/* Work a second of one thread's iteration times the threads: "81.20 Melem/s". Adds nothing when
 * none was stated. */
void format_add_throughput(struct str *out, const struct result_benchmark *b, double time_ns);

#endif
