#include "present/format.h"
#include "base/units.h"

const struct format *const *format_table(size_t *count)
{
    static const struct format *const table[] = {&format_line, &format_criterion, &format_bencher,
                                                 &format_json, &format_gbench,    &format_go};
    *count = sizeof table / sizeof table[0];
    return table;
}

void format_add_throughput(struct str *out, const struct result_benchmark *b, double time_ns)
{
    const struct record *record = b->record;
    double per_second = time_ns > 0 ? 1e9 / time_ns * b->threads : 0;
    if (record->bytes_per_iteration > 0) {
        units_add_rate(out, per_second * (double)record->bytes_per_iteration, "B");
    }
    if (record->elements_per_iteration > 0) {
        str_add(out, record->bytes_per_iteration > 0 ? "  " : "");
        units_add_rate(out, per_second * (double)record->elements_per_iteration, "elem");
    }
}
