/* What a comparison says on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "versus_hostile.h"

static char id[] = "span_creation/attributes/10";

static void assert_line(const struct versus_benchmark *b, int width, const char *expected)
{
    struct str out = STR_EMPTY;
    versus_add_line(b, width, false, &out);
    assert_string_equal(str_text(&out), expected);
    str_release(&out);
}

static struct versus_benchmark compared(enum versus_verdict verdict, double point, double lower,
                                        double upper, double detectable)
{
    return (struct versus_benchmark){
        .id = id, .verdict = verdict, .effect = {point, lower, upper}, .detectable = detectable};
}

static void test_figures(void **state)
{
    (void)state;
    struct versus_benchmark b = compared(VERSUS_REGRESSED, 0.0102, 0.0093, 0.0111, 0.004);
    b.flagged = b.confirmed = true;
    assert_line(&b, 27,
                "span_creation/attributes/10    +1.02 % [+0.93 .. +1.11]  sees 0.4 %  regressed\n");
    b = compared(VERSUS_IMPROVED, -0.25, -0.2612, -0.2388, 0.00061);
    b.flagged = b.confirmed = true;
    assert_line(
        &b, 29,
        "span_creation/attributes/10     -25.00 % [-26.12 .. -23.88]  sees 0.06 %  improved\n");
    b = compared(VERSUS_REGRESSED, 99, 98.5, 99.5, 1.2);
    assert_line(&b, 0,
                "span_creation/attributes/10  +9900.00 % [+9850.00 .. +9950.00]  sees 120 %  "
                "regressed\n");
}

/* Nothing that is shown as zero has a minus. */
static void test_no_negative_zero(void **state)
{
    (void)state;
    struct versus_benchmark b = compared(VERSUS_UNCHANGED, -0.00004, -0.000049, 0, 0.003);
    assert_line(&b, 27,
                "span_creation/attributes/10    +0.00 % [+0.00 .. +0.00]  sees 0.3 %  unchanged\n");
    b = compared(VERSUS_UNCHANGED, -0.00006, -0.0001, 0.0001, 0.003);
    assert_line(&b, 27,
                "span_creation/attributes/10    -0.01 % [-0.01 .. +0.01]  sees 0.3 %  unchanged\n");
}

static void test_remarks(void **state)
{
    (void)state;
    static char note[] = "the tests disagree";
    struct versus_benchmark b = compared(VERSUS_UNCHANGED, 0, -0.001, 0.001, 0.004);
    b.tail_slower = true;
    b.tail = (struct versus_interval){0.0311, 0.02, 0.04};
    assert_line(&b, 27,
                "span_creation/attributes/10    +0.00 % [-0.10 .. +0.10]  sees 0.4 %  unchanged; "
                "tail slower (+3.1 %)\n");
    b.tail_slower = false;
    b.flagged = true;
    assert_line(&b, 27,
                "span_creation/attributes/10    +0.00 % [-0.10 .. +0.10]  sees 0.4 %  unchanged; "
                "suspected, not confirmed\n");
    b = compared(VERSUS_INCONCLUSIVE, 0, -0.01, 0.01, 0.015);
    b.pairs_needed = 22;
    b.seconds_needed = 3.2;
    assert_line(&b, 27,
                "span_creation/attributes/10    +0.00 % [-1.00 .. +1.00]  sees 1.5 %  "
                "inconclusive: 22 more pairs (about 3 s) would settle it\n");
    b.pairs_needed = 1;
    b.seconds_needed = 0.08;
    b.note = note;
    assert_line(&b, 27,
                "span_creation/attributes/10    +0.00 % [-1.00 .. +1.00]  sees 1.5 %  "
                "inconclusive: 1 more pair (about 0.1 s) would settle it; the tests disagree\n");
    b.pairs_needed = 4000;
    b.seconds_needed = 312;
    b.note = NULL;
    assert_line(&b, 27,
                "span_creation/attributes/10    +0.00 % [-1.00 .. +1.00]  sees 1.5 %  "
                "inconclusive: 4000 more pairs (about 5 min) would settle it\n");
}

/* A line without figures has no words that sound like a verdict. */
static void test_without_figures(void **state)
{
    (void)state;
    static char reason[] = "new (topic): ended by signal 11";
    static char note[] = "too few pairs for an interval";
    struct versus_benchmark b = {.id = id, .status = VERSUS_FAILED, .reason = reason};
    assert_line(&b, 29, "span_creation/attributes/10    failed: new (topic): ended by signal 11\n");
    b.status = VERSUS_SKIPPED;
    assert_line(&b, 0, "span_creation/attributes/10  skipped: new (topic): ended by signal 11\n");
    b.status = VERSUS_UNTRIED;
    assert_line(&b, 0, "span_creation/attributes/10  untried: new (topic): ended by signal 11\n");
    b = (struct versus_benchmark){.id = id, .status = VERSUS_IDENTICAL};
    assert_line(&b, 0,
                "span_creation/attributes/10  identical: the code that it reaches is the same on "
                "both sides\n");
    b = compared(VERSUS_INCONCLUSIVE, 0, 0, 0, 0);
    b.note = note;
    assert_line(&b, 0,
                "span_creation/attributes/10  inconclusive: too few pairs for an interval\n");
    b = compared(VERSUS_REGRESSED, 0.5, 0.4, 0.6, 0.01);
    b.below_resolution = b.tail_slower = b.flagged = true;
    assert_line(&b, 0,
                "span_creation/attributes/10  below resolution: too fast to be told from an empty "
                "loop\n");
}

/* No text of others moves the cursor, paints, or begins a line; columns count characters. */
static void test_hostile_texts(void **state)
{
    (void)state;
    struct versus v = versus_hostile();
    struct str out = STR_EMPTY;
    for (size_t i = 0; i < v.count; i++) {
        str_clear(&out);
        versus_add_line(&v.benchmarks[i], 20, false, &out);
        for (size_t c = 0; c < out.length; c++) {
            bool last = c + 1 == out.length;
            assert_true(last ? out.data[c] == '\n' : (unsigned char)out.data[c] >= 0x20);
            assert_true(out.data[c] != 0x7f);
        }
    }
    static char wide[] = "\xc3\xa9\xc3\xa9\xff\xe2\x80\xae";
    struct versus_benchmark b = {.id = wide, .status = VERSUS_IDENTICAL};
    assert_line(&b, 6,
                "\xc3\xa9\xc3\xa9??    identical: the code that it reaches is the same on both "
                "sides\n");
    str_release(&out);
    versus_release(&v);
}

static size_t count_of(const struct str *text, const char *part)
{
    size_t count = 0;
    for (const char *at = str_text(text); (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

static void test_colours(void **state)
{
    (void)state;
    static const struct {
        enum versus_verdict verdict;
        const char *painted;
    } cases[] = {{VERSUS_REGRESSED, "\033[31mregressed\033[0m"},
                 {VERSUS_IMPROVED, "\033[32mimproved\033[0m"},
                 {VERSUS_INCONCLUSIVE, "\033[33minconclusive\033[0m"},
                 {VERSUS_UNCHANGED, "  unchanged\n"}};
    for (size_t i = 0; i < 4; i++) {
        struct versus_benchmark b = compared(cases[i].verdict, 0.01, 0, 0.02, 0.004);
        struct str out = STR_EMPTY;
        versus_add_line(&b, 0, true, &out);
        assert_int_equal(count_of(&out, cases[i].painted), 1);
        str_release(&out);
    }
    struct versus v = versus_untrusted();
    struct str out = STR_EMPTY;
    versus_add_summary(&v, true, &out);
    assert_int_equal(count_of(&out, "\033[31mUNTRUSTED\033[0m"), 1);
    assert_int_equal(count_of(&out, "\033["), 4);
    str_clear(&out);
    versus_add_summary(&v, false, &out);
    assert_int_equal(count_of(&out, "\033"), 0);
    str_release(&out);
    versus_release(&v);
}

static void assert_summary(const struct versus *v, const char *expected)
{
    struct str out = STR_EMPTY;
    versus_add_summary(v, false, &out);
    assert_string_equal(str_text(&out), expected);
    str_release(&out);
}

static void test_summary(void **state)
{
    (void)state;
    struct versus v = versus_sample();
    assert_summary(&v, "1 benchmark only in main:\n"
                       "  memory_pools/legacy_pool/100\n"
                       "2 benchmarks only in faster-ids:\n"
                       "  span_creation/random_ids/aes\n"
                       "  span_creation/random_ids/xoshiro\n"
                       "canaries: as expected, 2 of the same work and 2 of 2 % more\n"
                       "machine: quiet: 0.4 % of slices disturbed\n"
                       "old: main (0123456789ab)\n"
                       "new: faster-ids (fedcba987654, with uncommitted changes)\n"
                       "2 regressed, 1 improved, 3 unchanged, 2 inconclusive, 1 below resolution, "
                       "1 identical, 1 skipped, 1 failed, 1 untried, 1 with a slower tail, "
                       "2 beyond a gate\n");
    versus_release(&v);
}

static void test_summary_of_nothing(void **state)
{
    (void)state;
    struct versus v = versus_context();
    replace_text(&v.new_side.name, "build/new");
    free(v.new_side.commit);
    v.new_side.commit = NULL;
    free(v.old_side.commit);
    v.old_side.commit = NULL;
    v.disturbed = 0.25;
    v.complete = false;
    assert_summary(&v, "canaries: none ran\n"
                       "machine: noisy: 25.0 % of slices disturbed\n"
                       "old: main\n"
                       "new: build/new (with uncommitted changes)\n"
                       "interrupted: what was measured until then is above\n"
                       "0 regressed, 0 improved, 0 unchanged, 0 inconclusive\n");
    versus_release(&v);
}

static void test_misfired_canaries_are_named(void **state)
{
    (void)state;
    struct versus v = versus_untrusted();
    struct str out = STR_EMPTY;
    versus_add_summary(&v, false, &out);
    assert_int_equal(
        count_of(&out, "UNTRUSTED: No verdict here is to be believed: 2 of 4 canaries misfired. "
                       "canary/same/1 (the same work) came out as regressed, +0.80 %; "
                       "canary/slower/2 (2 % more work) came out as unchanged, +0.10 %.\n"),
        1);
    assert_int_equal(count_of(&out, "as expected"), 0);
    /* Distrust needs no canary. */
    v.canaries[0].misfired = v.canaries[3].misfired = false;
    str_clear(&out);
    versus_add_summary(&v, false, &out);
    assert_int_equal(count_of(&out, "UNTRUSTED: No verdict here is to be believed.\n"), 1);
    str_release(&out);
    versus_release(&v);
}

static void test_one_sided_lists_end(void **state)
{
    (void)state;
    struct versus v = versus_hostile();
    struct str out = STR_EMPTY;
    v.only_old_count = 10;
    versus_add_summary(&v, false, &out);
    assert_int_equal(count_of(&out, "10 benchmarks only in "), 1);
    assert_int_equal(count_of(&out, "16 benchmarks only in "), 1);
    assert_int_equal(count_of(&out, "\n  and 6 more\n"), 1);
    assert_int_equal(count_of(&out, " more\n"), 1);
    assert_int_equal(count_of(&out, "\n  pipes/"), 2);
    str_release(&out);
    v.only_old_count = HOSTILE_TEXTS;
    versus_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_no_negative_zero),
        cmocka_unit_test(test_remarks),
        cmocka_unit_test(test_without_figures),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_summary_of_nothing),
        cmocka_unit_test(test_misfired_canaries_are_named),
        cmocka_unit_test(test_one_sided_lists_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
