/* What stands on standard output: the same result in each format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "near.h"
#include "present/format.h"
#include "result_sample.h"

static struct result result;

static int make(void **state)
{
    (void)state;
    result = sample_result();
    return 0;
}

static int release(void **state)
{
    (void)state;
    result_release(&result);
    return 0;
}

static struct printer printer(bool verbose, bool colour)
{
    return (struct printer){
        .result = &result, .verbose = verbose, .colour = colour, .id_width = 12};
}

static struct str print(const struct format *format, struct printer p)
{
    struct str out = STR_EMPTY;
    if (format->begin != NULL) {
        format->begin(&p, &out);
    }
    for (size_t i = 0; i < result.count && format->benchmark != NULL; i++) {
        format->benchmark(&p, &result.benchmarks[i], &out);
        p.printed++;
    }
    if (format->end != NULL) {
        format->end(&p, &out);
    }
    return out;
}

static void assert_has(const struct str *text, const char *part)
{
    if (strstr(str_text(text), part) == NULL) {
        fail_msg("no \"%s\" in:\n%s", part, str_text(text));
    }
}

static size_t count_of(const struct str *text, const char *part)
{
    size_t count = 0;
    for (const char *at = str_text(text); (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

static void test_table(void **state)
{
    (void)state;
    static const char *const names[] = {"assay", "criterion", "bencher", "json", "gbench", "go"};
    size_t count;
    const struct format *const *table = format_table(&count);
    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(table[i]->name, names[i]);
        assert_true(table[i]->help[0] != '\0');
    }
}

static void test_line(void **state)
{
    (void)state;
    struct str out = print(&format_line, printer(false, false));
    assert_has(&out, "io/plain  ");
    assert_has(&out, " ns  [12.");
    assert_has(&out, " us  [1.5"); /* the unit that the benchmark asks for */
    assert_has(&out, "GB/s");
    assert_has(&out, "  fairness 0.7");
    assert_has(&out, "  more threads than CPUs  ratio 3.750 x  plain -1.000  p50 31.48 ms  p99 "
                     "98.60 ms  max 19.00 s  cold (swept in part)  pauses cost ~0.06125 of 1.513 us"
                     "  3 allocations, 300.2 B\n");
    assert_has(&out, "    against main: allocations 2 -> 3 (+50.0 %)  regressed\n");
    assert_has(&out, "    time:iterations  slope 1.534 us [1.5");
    assert_has(&out, "    page-faults:time  slope 4.872e-06 [");
    assert_has(&out, "    against main: +50.0 % [+");
    assert_has(&out, "]  regressed  (");
    assert_has(&out, "io/bad        failed: wrong sum\n");
    assert_has(&out, "io/not_here   skipped: no AVX-512\n");
    assert_has(&out, "io/later      interrupted: the run was interrupted\n");
    assert_has(&out, "io: 2 measured, 1 failed, 1 skipped, 1 interrupted; 1 regressed, 0 improved, "
                     "0 without a change seen; 1 beyond a gate\n");
    assert_int_equal(count_of(&out, "\033"), 0);
    assert_int_equal(count_of(&out, " \n"), 0); /* no blanks at line ends */
    /* What --counters asks for needs no --verbose; what is always counted does. */
    assert_has(&out, "    cycles (perf): 5000  scaled: counted 50 % of the time\n");
    assert_int_equal(count_of(&out, "(allocator): "), 0);
    assert_int_equal(count_of(&out, "\n"), 11);
    str_release(&out);
}

/* What more threads bring is a table a family, in the order of the threads. */
static void test_families(void **state)
{
    (void)state;
    struct result_benchmark *four = sample_add_team(&result, 4, 250);
    four->record->oversubscribed = true;
    sample_add_team(&result, 1, 100);
    sample_add_team(&result, 2, 100);
    result_scale(&result);
    struct str out = print(&format_line, printer(false, false));
    assert_has(&out, "io/team on more threads\n"
                     "      1 thread   x1.00                   efficiency 1.00\n"
                     "      2 threads  x2.00 [");
    assert_has(&out, "]    efficiency 1.00  fairness 0.7");
    assert_has(&out, "\n      4 threads  x1.60 [");
    assert_has(&out, "  more threads than CPUs\nio: 5 measured");
    assert_int_equal(count_of(&out, "on more threads"), 1);
    assert_int_equal(count_of(&out, " \n"), 0);
    str_release(&out);
}

/* A line's figures are the estimate, in four digits. */
static void test_line_figures(void **state)
{
    (void)state;
    struct str out = print(&format_line, printer(false, false));
    const struct estimate *e = &result.benchmarks[1].analysis->estimates[STATISTIC_LOWMEAN];
    char figures[80];
    snprintf(figures, sizeof figures, "%.2f ns  [%.2f .. %.2f]", e->point, e->lower, e->upper);
    assert_has(&out, figures);
    str_release(&out);
}

static void test_line_verbose(void **state)
{
    (void)state;
    struct str out = print(&format_line, printer(true, false));
    assert_int_equal(count_of(&out, "    mean "), 2);
    assert_int_equal(count_of(&out, "    slope "), 2);
    assert_int_equal(count_of(&out, "R^2 "), 4);
    assert_int_equal(count_of(&out, "20 samples, linear; no outliers\n"), 2);
    assert_has(&out, "    allocations (allocator): 3\n    allocated_bytes (allocator): 300.2 B  "
                     "[300 .. 300.5]\n    cycles (perf): 5000  scaled: counted 50 % of the time\n"
                     "    instructions (valgrind): not available: valgrind is \"not\" there\n");
    assert_has(&out, "    1000 latencies, 1 of them above 17.18 s, where the histogram ends: a "
                     "quantile among these is too low\n");
    assert_has(&out, "    p50      31.48 ms  [");
    assert_has(&out, "    p99.9    99.91 ms\n"); /* too few for an interval */
    assert_has(&out, "    max      19.00 s\n");
    str_release(&out);
}

/* Colours are added to the text, and end before the line does. */
static void test_line_colours(void **state)
{
    (void)state;
    struct str plain = print(&format_line, printer(false, false));
    struct str coloured = print(&format_line, printer(false, true));
    struct str stripped = STR_EMPTY;
    bool painted = false;
    size_t escapes = 0;
    for (const char *c = str_text(&coloured); *c != '\0'; c++) {
        if (*c == '\033') {
            painted = strncmp(c, "\033[0m", 4) != 0;
            escapes++;
            c += strcspn(c, "m");
        } else {
            assert_false(*c == '\n' && painted);
            str_add_char(&stripped, *c);
        }
    }
    assert_true(escapes >= 8);
    assert_string_equal(str_text(&stripped), str_text(&plain));
    str_release(&plain);
    str_release(&coloured);
    str_release(&stripped);
}

static void test_below_resolution(void **state)
{
    (void)state;
    result.benchmarks[1].below_resolution = true;
    struct str out = print(&format_line, printer(false, false));
    assert_has(&out, "io/plain      below resolution");
    assert_int_equal(count_of(&out, "12."), 0); /* no figure is given */
    str_release(&out);
    const struct format *const silent[] = {&format_bencher, &format_go};
    for (size_t i = 0; i < 2; i++) {
        out = print(silent[i], printer(false, false));
        assert_int_equal(count_of(&out, "io/plain"), 0);
        str_release(&out);
    }
}

static void test_criterion(void **state)
{
    (void)state;
    struct str out = print(&format_criterion, printer(false, false));
    assert_has(&out, "io/plain                time:   [12.");
    assert_has(&out, "                        thrpt:  [");
    assert_has(&out, "                        change: [+");
    assert_has(&out, "% +50.0 % +");
    assert_has(&out, "Performance has regressed.\n");
    assert_has(&out, "failed: wrong sum\n");
    /* Three times in ascending order, as Criterion's readers expect. */
    char *at = strchr(strstr(str_text(&out), "io/plain"), '[');
    double low = strtod(at + 1, &at);
    double point = strtod(at + strlen(" ns"), &at);
    double high = strtod(at + strlen(" ns"), &at);
    assert_true(strncmp(at, " ns]", 4) == 0);
    assert_true(low <= point && point <= high && low > 12 && high < 13);
    str_release(&out);
}

static void test_bencher(void **state)
{
    (void)state;
    struct str out = print(&format_bencher, printer(false, false));
    assert_has(&out, "test io/plain ... bench:          13 ns/iter (+/- 0)\n");
    assert_has(&out, "test io/read ... bench:        15");
    assert_int_equal(count_of(&out, "\n"), 2);
    str_release(&out);
}

static void test_go(void **state)
{
    (void)state;
    struct str out = print(&format_go, printer(false, false));
    assert_has(&out, "goos: linux\ngoarch: x86_64\npkg: io\ncpu: Example CPU\n");
    assert_int_equal(count_of(&out, "Benchmarkio/plain-1\t"), RESULT_SAMPLES);
    assert_int_equal(count_of(&out, "Benchmarkio/read-4\t"), RESULT_SAMPLES);
    assert_has(&out, "Benchmarkio/plain-1\t50\t12.5000 ns/op\n");
    /* 4096 bytes in 1500 ns on each of four threads. */
    assert_has(&out, "Benchmarkio/read-4\t50\t1500.0000 ns/op\t10922.67 MB/s\n");
    str_release(&out);
}

/* Assay's own document is the file. */
static void test_json(void **state)
{
    (void)state;
    struct str out = print(&format_json, printer(false, false));
    struct str document = STR_EMPTY;
    result_write(&result, &document);
    assert_string_equal(str_text(&out), str_text(&document));
    str_release(&out);
    str_release(&document);
}

static void test_gbench(void **state)
{
    (void)state;
    struct str out = print(&format_gbench, printer(false, false));
    json_error_t cause;
    json_t *root = json_loads(str_text(&out), JSON_REJECT_DUPLICATES, &cause);
    assert_non_null(root);
    const json_t *context = json_object_get(root, "context");
    assert_int_equal(json_integer_value(json_object_get(context, "num_cpus")), 8);
    assert_int_equal(json_integer_value(json_object_get(context, "mhz_per_cpu")), 2100);
    assert_string_equal(json_string_value(json_object_get(context, "library_build_type")),
                        "release");
    const json_t *list = json_object_get(root, "benchmarks");
    assert_int_equal(json_array_size(list), 2 * RESULT_SAMPLES + 3);
    const json_t *first = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "io/read");
    assert_string_equal(json_string_value(json_object_get(first, "run_type")), "iteration");
    assert_string_equal(json_string_value(json_object_get(first, "time_unit")), "ns");
    assert_near(json_number_value(json_object_get(first, "real_time")), 1500, 1e-12);
    assert_near(json_number_value(json_object_get(first, "ratio")), 3.75, 1e-12);
    const json_t *bad = json_array_get(list, 2 * RESULT_SAMPLES);
    assert_true(json_is_true(json_object_get(bad, "error_occurred")));
    assert_string_equal(json_string_value(json_object_get(bad, "error_message")), "wrong sum");
    json_decref(root);
    str_release(&out);
}

/* A counter may be called as one of the members is; the document stays one. */
static void test_gbench_counter_names(void **state)
{
    (void)state;
    snprintf(result.benchmarks[0].record->counters[0].name, RECORD_NAME_BYTES, "real_time");
    struct str out = print(&format_gbench, printer(false, false));
    json_error_t cause;
    json_t *root = json_loads(str_text(&out), JSON_REJECT_DUPLICATES, &cause);
    if (root == NULL) {
        fail_msg("%s", cause.text);
    }
    json_decref(root);
    str_release(&out);
}

static void test_throughput(void **state)
{
    (void)state;
    struct str out = STR_EMPTY;
    /* 4 threads: 4096 bytes and 3 elements in 1500 ns each. */
    format_add_throughput(&out, &result.benchmarks[0], 1500);
    assert_string_equal(str_text(&out), "10.92 GB/s  8.000 Melem/s");
    str_clear(&out);
    format_add_throughput(&out, &result.benchmarks[1], 1500);
    assert_string_equal(str_text(&out), "");
    str_release(&out);
}

#define MADE(test) cmocka_unit_test_setup_teardown(test, make, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MADE(test_table),        MADE(test_line),         MADE(test_line_figures),
        MADE(test_line_verbose), MADE(test_line_colours), MADE(test_below_resolution),
        MADE(test_criterion),    MADE(test_bencher),      MADE(test_go),
        MADE(test_json),         MADE(test_gbench),       MADE(test_gbench_counter_names),
        MADE(test_throughput),   MADE(test_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
