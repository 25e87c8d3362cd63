/* Line formats that other tools parse: libtest's (bencher) and Go's (benchstat). */
#include "present/format.h"

#include <ctype.h>
#include <math.h>

/* test ID ... bench:  1,234 ns/iter (+/- 56): libtest's line has whole nanoseconds. */
static void add_bencher(const struct printer *p, const struct result_benchmark *b, struct str *out)
{
    (void)p;
    if (b->analysis == NULL || b->below_resolution) {
        return;
    }
    const struct estimate *e = &b->analysis->estimates[STATISTIC_LOWMEAN];
    str_format(out, "test %s ... bench: %11.0f ns/iter (+/- %.0f)\n", b->id, round(e->point),
               round((e->upper - e->lower) / 2));
}

static void begin_go(const struct printer *p, struct str *out)
{
    str_format(out, "goos: linux\ngoarch: %s\npkg: %s\ncpu: %s\n", p->result->host.architecture,
               p->result->suite, p->result->host.cpu_model);
}

/* benchstat takes the spread from repeated lines: a line a sample. */
static void add_go(const struct printer *p, const struct result_benchmark *b, struct str *out)
{
    (void)p;
    if (b->analysis == NULL || b->below_resolution) {
        return;
    }
    for (size_t i = 0; i < b->record->sample_count; i++) {
        const struct sample *s = &b->record->samples[i];
        str_add(out, "Benchmark");
        for (const char *c = b->id; *c != '\0'; c++) {
            str_add_char(out, isspace((unsigned char)*c) ? '_' : *c);
        }
        str_format(out, "-%u\t%llu\t%.4f ns/op", b->threads, (unsigned long long)s->iterations,
                   s->time_ns / (double)s->iterations);
        if (b->record->bytes_per_iteration > 0) {
            double per_second = (double)b->record->bytes_per_iteration * (double)s->iterations /
                                s->time_ns * 1e3 * b->threads;
            str_format(out, "\t%.2f MB/s", s->time_ns > 0 ? per_second : 0.0);
        }
        str_add(out, "\n");
    }
}

const struct format format_bencher = {.name = "bencher",
                                      .help = "as cargo bench prints",
                                      .benchmark = add_bencher,
                                      .figures_only = true};

const struct format format_go = {.name = "go",
                                 .help = "as go test -bench prints, for benchstat",
                                 .begin = begin_go,
                                 .benchmark = add_go,
                                 .figures_only = true};
