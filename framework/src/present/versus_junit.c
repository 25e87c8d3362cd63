#include "base/units.h"
#include "base/utf8.h"
#include "present/versus_text.h"

#include <stdio.h>
#include <string.h>

/* Suite of the canaries that misfired. */
#define CANARIES "assay canaries"

enum outcome { PASSED, FAILURE, ERROR, SKIPPED };

struct tally {
    size_t tests;
    size_t failures;
    size_t errors;
    size_t skipped;
    double seconds;
};

/* XML 1.0, production [2]. */
static bool is_xml_character(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code <= 0xd7ff) ||
           (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
}

/* For attributes and content alike. Line breaks and tabs are references, as an attribute would turn
 * them into spaces. */
static void add_escaped(struct str *out, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        const char *from = at;
        uint32_t code = utf8_next(&at);
        if (code == UTF8_REPLACEMENT || !is_xml_character(code)) {
            str_add(out, "\xef\xbf\xbd"); /* U+FFFD */
        } else if (code < 0x20 || (code < 0x80 && strchr("&<>\"'", (int)code) != NULL)) {
            str_format(out, "&#%u;", (unsigned)code);
        } else {
            str_add_bytes(out, from, (size_t)(at - from));
        }
    }
}

static void add_attribute(struct str *out, const char *name, const char *value)
{
    str_format(out, " %s=\"", name);
    add_escaped(out, value);
    str_add_char(out, '"');
}

static enum outcome outcome_of(const struct versus_benchmark *b)
{
    if (b->status == VERSUS_FAILED || versus_judged_as(b, VERSUS_REGRESSED) ||
        versus_gate_failed(b)) {
        return FAILURE;
    }
    bool passed = b->status == VERSUS_IDENTICAL || versus_judged_as(b, VERSUS_IMPROVED) ||
                  versus_judged_as(b, VERSUS_UNCHANGED);
    return passed ? PASSED : SKIPPED;
}

static double seconds_of(const struct versus_benchmark *b)
{
    return b->status == VERSUS_COMPARED ? (double)b->pair_count * b->pair_seconds : 0;
}

static void count_case(struct tally *tally, const struct versus_benchmark *b, enum outcome outcome)
{
    tally->tests++;
    tally->failures += outcome == FAILURE;
    tally->errors += outcome == ERROR;
    tally->skipped += outcome == SKIPPED;
    tally->seconds += seconds_of(b);
}

static void add_tally(struct str *out, const struct tally *tally)
{
    str_format(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
               tally->tests, tally->failures, tally->errors, tally->skipped, tally->seconds);
}

/* "regressed: +1.02 % [+0.93 .. +1.11], sees 0.4 %; ..." */
static void add_message(struct str *out, const struct versus_benchmark *b)
{
    struct str remarks = STR_EMPTY;
    str_add(out, versus_outcome(b));
    if (versus_has_figures(b)) {
        str_add(out, ": ");
        versus_add_percent(out, b->effect.point, 2);
        str_add_char(out, ' ');
        versus_add_interval(out, &b->effect);
        str_add(out, ", sees ");
        versus_add_detectable(out, b->detectable);
    }
    versus_add_remarks(&remarks, b);
    if (remarks.length > 0) {
        str_add(out, versus_has_figures(b) ? "; " : ": ");
        str_add(out, str_text(&remarks));
    }
    str_release(&remarks);
}

static void add_times(struct str *out, const char *side, const struct versus_times *times)
{
    str_format(out, "%s: median ", side);
    units_add_ns(out, times->median_ns, NULL);
    str_add(out, ", 5 % to 95 %: ");
    units_add_ns(out, times->p5_ns, NULL);
    str_add(out, " to ");
    units_add_ns(out, times->p95_ns, NULL);
    str_add_char(out, '\n');
}

static void add_figures(struct str *out, const struct versus_benchmark *b, const char *message)
{
    str_add(out, "      <system-out>");
    add_escaped(out, message);
    str_add_char(out, '\n');
    if (b->status == VERSUS_COMPARED) {
        str_format(out, "%zu pairs, %llu iterations a slice\n", b->pair_count,
                   (unsigned long long)b->iterations);
        add_times(out, "old", &b->old_times);
        add_times(out, "new", &b->new_times);
    }
    str_add(out, "</system-out>\n");
}

static const char *failure_type(const struct versus_benchmark *b, enum outcome outcome)
{
    if (outcome == ERROR) {
        return "misfired";
    }
    bool by_time = b->status == VERSUS_FAILED || versus_judged_as(b, VERSUS_REGRESSED);
    return by_time ? versus_outcome(b) : "beyond a gate";
}

static void add_case(struct str *out, const char *suite, const struct versus_benchmark *b,
                     enum outcome outcome)
{
    static const char *const elements[] = {
        [FAILURE] = "failure", [ERROR] = "error", [SKIPPED] = "skipped"};
    struct str message = STR_EMPTY;
    add_message(&message, b);
    str_add(out, "    <testcase");
    add_attribute(out, "classname", suite);
    add_attribute(out, "name", b->id);
    str_format(out, " time=\"%.3f\">\n", seconds_of(b));
    if (outcome != PASSED) {
        str_format(out, "      <%s", elements[outcome]);
        add_attribute(out, "message", str_text(&message));
        if (outcome != SKIPPED) {
            add_attribute(out, "type", failure_type(b, outcome));
        }
        str_add(out, "/>\n");
    }
    add_figures(out, b, str_text(&message));
    str_add(out, "    </testcase>\n");
    str_release(&message);
}

static void add_property(struct str *out, const char *name, const char *value)
{
    str_add(out, "      <property");
    add_attribute(out, "name", name);
    add_attribute(out, "value", value);
    str_add(out, "/>\n");
}

static void add_plain(struct str *out, const char *text)
{
    str_add(out, text);
}

static void add_properties(struct str *out, const struct versus *v)
{
    struct str side = STR_EMPTY;
    char seed[24];
    str_add(out, "    <properties>\n");
    versus_add_side(&side, &v->old_side, add_plain);
    add_property(out, "old", str_text(&side));
    str_clear(&side);
    versus_add_side(&side, &v->new_side, add_plain);
    add_property(out, "new", str_text(&side));
    str_release(&side);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)v->settings.seed);
    add_property(out, "seed", seed);
    add_property(out, "trusted", versus_is_trusted(v) ? "true" : "false");
    add_property(out, "complete", v->complete ? "true" : "false");
    str_add(out, "    </properties>\n");
}

/* The schemas of JUnit files want the time without a zone. */
static void begin_suite(struct str *out, const struct versus *v, const char *name,
                        const struct tally *tally)
{
    char started[24];
    snprintf(started, sizeof started, "%.*s", (int)strcspn(v->started_utc, "Z"), v->started_utc);
    str_add(out, "  <testsuite");
    add_attribute(out, "name", name);
    add_tally(out, tally);
    add_attribute(out, "timestamp", started);
    add_attribute(out, "hostname", v->host.name);
    str_add(out, ">\n");
    add_properties(out, v);
}

static bool is_first_of_suite(const struct versus *v, size_t index)
{
    for (size_t i = index; i > 0; i--) {
        if (strcmp(v->benchmarks[i - 1].suite, v->benchmarks[index].suite) == 0) {
            return false;
        }
    }
    return true;
}

/* The suite of the benchmark at `first` with all that follow of the same. */
static void add_suite(struct str *out, const struct versus *v, size_t first)
{
    const char *suite = v->benchmarks[first].suite;
    struct tally tally = {0};
    for (size_t i = first; i < v->count; i++) {
        if (strcmp(v->benchmarks[i].suite, suite) == 0) {
            count_case(&tally, &v->benchmarks[i], outcome_of(&v->benchmarks[i]));
        }
    }
    begin_suite(out, v, suite, &tally);
    for (size_t i = first; i < v->count; i++) {
        if (strcmp(v->benchmarks[i].suite, suite) == 0) {
            add_case(out, suite, &v->benchmarks[i], outcome_of(&v->benchmarks[i]));
        }
    }
    str_add(out, "  </testsuite>\n");
}

/* A reader of JUnit files sees neither properties nor warnings: what makes every verdict doubtful
 * must show as an error. */
static void add_misfired(struct str *out, const struct versus *v)
{
    struct tally tally = {0};
    for (size_t i = 0; i < v->canary_count; i++) {
        if (v->canaries[i].misfired) {
            count_case(&tally, &v->canaries[i].benchmark, ERROR);
        }
    }
    if (tally.tests == 0) {
        return;
    }
    begin_suite(out, v, CANARIES, &tally);
    for (size_t i = 0; i < v->canary_count; i++) {
        if (v->canaries[i].misfired) {
            add_case(out, CANARIES, &v->canaries[i].benchmark, ERROR);
        }
    }
    str_add(out, "  </testsuite>\n");
}

void versus_junit(const struct versus *v, struct str *out)
{
    struct tally tally = {0};
    for (size_t i = 0; i < v->count; i++) {
        count_case(&tally, &v->benchmarks[i], outcome_of(&v->benchmarks[i]));
    }
    for (size_t i = 0; i < v->canary_count; i++) {
        if (v->canaries[i].misfired) {
            count_case(&tally, &v->canaries[i].benchmark, ERROR);
        }
    }
    str_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_attribute(out, "name", "assay compare");
    add_tally(out, &tally);
    str_add(out, ">\n");
    for (size_t i = 0; i < v->count; i++) {
        if (is_first_of_suite(v, i)) {
            add_suite(out, v, i);
        }
    }
    add_misfired(out, v);
    str_add(out, "</testsuites>\n");
}
