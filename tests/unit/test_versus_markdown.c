/* The comment for a pull request. That every table is one and no text breaks out is tested on whole
 * documents by tests/cli/test_compare_documents.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "versus_hostile.h"

static struct str markdown(const struct versus *v)
{
    struct str out = STR_EMPTY;
    versus_markdown(v, &out);
    return out;
}

static void assert_has(const struct str *text, const char *part)
{
    if (strstr(str_text(text), part) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", part, str_text(text));
    }
}

static void assert_lacks(const struct str *text, const char *part)
{
    if (strstr(str_text(text), part) != NULL) {
        fail_msg("\"%s\" is in:\n%s", part, str_text(text));
    }
}

static void assert_in_order(const struct str *text, const char *const *parts, size_t count)
{
    const char *at = str_text(text);
    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(at, parts[i]);
        if (found == NULL) {
            fail_msg("\"%s\" is not where it belongs in:\n%s", parts[i], str_text(text));
            return;
        }
        at = found + strlen(parts[i]);
    }
}

static void test_order(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "### Assay: 2 regressed, 1 improved, 3 unchanged, 2 inconclusive, ",
        "\n\n<code>faster-ids</code> (<code>fedcba987654</code>, with uncommitted changes) "
        "against <code>main</code> (<code>0123456789ab</code>), in 42 s; machine: quiet: "
        "0.4 % of slices disturbed. Intervals of 95 %.\n",
        "- Warning: <code>the governor is ",
        "| Benchmark | Verdict |",
        "\n| <code>network_io/grpc_export/100</code> | **failed** | ",
        "<code>new (faster-ids): ended by signal 11 (Segmentation fault)</code> |\n",
        "| <code>lock_contention/mutex/4</code> | **regressed** | +140.49 % | "
        "[+136.52 .. +144.52] | 2.4 % | 213.5 ns | 508.0 ns |",
        "\n| <code>batching/process_batch/10000</code> | **improved** | -3.39 % |",
        "\n| <code>serialization/traces/direct/100</code> | **regressed** | +1.22 % |",
        "\n\nThe slow half of the slices became slower, though no regression was called: "
        "<code>span_creation/attributes/100</code> (+3.0 %).\n",
        "\n<details><summary>2 inconclusive</summary>\n\n| Benchmark | Effect |",
        "\n| <code>context_propagation/baggage/64</code> | -0.14 % | [-1.17 .. +0.90] | 1.1 % | "
        "22 more pairs (about 2 s) would settle it |\n",
        "\n</details>\n",
        "\n<details><summary>2 unchanged</summary>\n\n",
        "\n</details>\n",
        "\n<details><summary>4 not judged</summary>\n\n",
        "| <code>span_creation/span_id_creation</code> | below resolution | ",
        "\n</details>\n",
        "\n<details><summary>1 only in <code>main</code></summary>\n\n"
        "- <code>memory_pools/legacy_pool/100</code>\n",
        "\n<details><summary>2 only in <code>faster-ids</code></summary>\n\n",
        "\n</details>\n\nRepeat: <code>assay compare build/old build/release/bin --seed "
        "20260131</code>\n"};
    struct versus v = versus_sample();
    struct str text = markdown(&v);
    assert_in_order(&text, parts, sizeof parts / sizeof parts[0]);
    assert_lacks(&text, "Untrusted");
    assert_lacks(&text, "Interrupted");
    str_release(&text);
    versus_release(&v);
}

/* Halved weighs as much as doubled, and equals stay in the order of their ids. */
static void test_sorted_by_size(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        double effect;
    } made[] = {{"a", 0.02}, {"b", -0.6}, {"c", 0.02}, {"d", 1.4}, {"e", -0.02}, {"f", 99}};
    static const char *const sorted[] = {"<code>f<", "<code>b<", "<code>d<",
                                         "<code>e<", "<code>a<", "<code>c<"};
    struct versus v = versus_context();
    for (size_t i = 0; i < 6; i++) {
        enum versus_verdict verdict = made[i].effect < 0 ? VERSUS_IMPROVED : VERSUS_REGRESSED;
        struct versus_plan plan = {"s", made[i].id, 100, 0, 0, 0.001, verdict, true};
        versus_add_compared(&v, &plan)->effect.point = made[i].effect;
    }
    struct str text = markdown(&v);
    assert_in_order(&text, sorted, 6);
    str_release(&text);
    versus_release(&v);
}

/* A body's own words, which may say why something was not counted, stay words. */
static void test_uncounted_reasons_are_escaped(void **state)
{
    (void)state;
    struct versus v = versus_sample();
    struct str text = STR_EMPTY;
    struct versus_benchmark *b = versus_find(&v, "serialization/traces/direct/100");
    for (size_t i = 0; i < b->metric_count; i++) {
        if (strcmp(b->metrics[i].new_metric.source, "valgrind") == 0) {
            metric_deny(&b->metrics[i].new_metric, "failed: a|b <i> @someone");
            b->metrics[i].change = METRIC_UNKNOWN;
        }
    }
    versus_markdown(&v, &text);
    assert_null(strstr(str_text(&text), "a|b"));
    assert_null(strstr(str_text(&text), "<i>"));
    assert_non_null(strstr(str_text(&text), "<code>allocations 3 -"));
    str_release(&text);
    versus_release(&v);
}

static void test_nothing(void **state)
{
    (void)state;
    struct versus v = versus_context();
    struct str text = markdown(&v);
    assert_has(&text, "### Assay: 0 regressed, 0 improved, 0 unchanged, 0 inconclusive\n");
    assert_has(&text, "\nNo benchmark regressed, improved or failed.\n");
    assert_has(&text, "\nRepeat: ");
    assert_lacks(&text, "|");
    assert_lacks(&text, "<details>");
    assert_lacks(&text, "Warning");
    str_release(&text);
    versus_release(&v);
}

static void test_distrust_comes_first(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "### Assay: ",
        "\n\n**Untrusted. No verdict here is to be believed: 2 of 4 canaries misfired. ",
        "<code>canary/same/1</code> (the same work) came out as regressed, +0.80 %; ",
        "<code>canary/slower/2</code> (2 % more work) came out as unchanged, +0.10 %.**\n\n",
        "**Interrupted:** what was measured until then is shown.\n\n",
        "<code>faster-ids</code>",
        "| Benchmark |"};
    struct versus v = versus_untrusted();
    v.complete = false;
    struct str text = markdown(&v);
    assert_in_order(&text, parts, sizeof parts / sizeof parts[0]);
    str_release(&text);
    versus_release(&v);
}

static void assert_escaped(const char *id, const char *expected)
{
    struct versus v = versus_context();
    struct str row = STR_EMPTY;
    versus_add_other(&v, "s", id, VERSUS_FAILED, "broken");
    struct str text = markdown(&v);
    str_format(&row, "\n| <code>%s</code> | **failed** |", expected);
    assert_has(&text, str_text(&row));
    str_release(&row);
    str_release(&text);
    versus_release(&v);
}

static void test_escapes(void **state)
{
    (void)state;
    assert_escaped("span_creation/a_1/10", "span_creation/a_1/10");
    assert_escaped("v1.2, a=(b) +3 %", "v1.2, a=(b) +3 %");
    assert_escaped("a|b\\|c", "a&#124;b&#92;&#124;c");
    assert_escaped("`<b>&amp;", "&#96;&#60;b&#62;&#38;amp;");
    assert_escaped("_a__b_", "&#95;a&#95;&#95;b&#95;");
    assert_escaped("*[x](y)~$", "&#42;&#91;x&#93;(y)&#126;&#36;");
    assert_escaped("@team #12 :tada:", "&#64;team &#35;12 &#58;tada&#58;");
    assert_escaped("http://www.x.org", "http&#58;//www&#46;x.org");
    assert_escaped("a\nb\r\tc\x1b\x7f", "a?b??c??");
    assert_escaped("\xff\xc3\xa9\xe2\x80\xae", "?\xc3\xa9?");
}

static void test_long_names_are_cut(void **state)
{
    (void)state;
    char id[2000];
    struct str expected = STR_EMPTY;
    memset(id, '|', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    for (int i = 0; i < 160; i++) {
        str_add(&expected, "&#124;");
    }
    str_add(&expected, "...");
    assert_escaped(id, str_text(&expected));
    id[160] = '\0';
    expected.data[expected.length - 3] = '\0';
    assert_escaped(id, str_text(&expected));
    str_release(&expected);
}

/* Whatever there is, GitHub takes the comment, its tables say what they leave out, and the last
 * line is there. */
static void test_size(void **state)
{
    (void)state;
    struct versus v = versus_many(2000);
    struct str text = markdown(&v);
    assert_true(text.length < 65536);
    assert_has(&text, "### Assay: 667 regressed, 0 improved, 666 unchanged, 667 inconclusive\n");
    assert_has(&text, "\n... and ");
    assert_has(&text, "\nRepeat: ");
    str_release(&text);
    for (size_t i = 0; i < v.count; i++) {
        v.benchmarks[i].verdict = VERSUS_REGRESSED;
    }
    text = markdown(&v);
    assert_true(text.length < 65536);
    assert_has(&text, "### Assay: 2000 regressed");
    str_release(&text);
    char **ids = memory_zeroed(v.count, sizeof *ids);
    for (size_t i = 0; i < v.count; i++) {
        ids[i] = v.benchmarks[i].id;
    }
    v.only_old = v.only_new = ids;
    v.only_old_count = v.only_new_count = v.count;
    text = markdown(&v);
    assert_true(text.length < 65536);
    assert_has(&text, "<summary>2000 only in <code>faster-ids</code></summary>");
    assert_has(&text, " more\n\n</details>\n\nRepeat: ");
    str_release(&text);
    v.only_old = v.only_new = NULL;
    v.only_old_count = v.only_new_count = 0;
    free(ids);
    versus_release(&v);
}

/* The worst that every place for a text can hold. */
static void test_size_of_the_worst(void **state)
{
    (void)state;
    char worst[400];
    memset(worst, '|', sizeof worst - 1);
    worst[sizeof worst - 1] = '\0';
    struct versus v = versus_many(60);
    char **texts[] = {&v.old_side.name, &v.old_side.path, &v.old_side.commit,
                      &v.new_side.name, &v.new_side.path, &v.new_side.commit};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        replace_text(texts[i], worst);
    }
    for (size_t i = 0; i < v.count; i++) {
        replace_text(&v.benchmarks[i].id, worst);
        replace_text(&v.benchmarks[i].note, worst);
        v.benchmarks[i].tail_slower = v.benchmarks[i].verdict != VERSUS_REGRESSED;
        versus_add_warning(&v, worst);
    }
    versus_add_canaries(&v);
    v.trusted = false;
    for (size_t i = 0; i < v.canary_count; i++) {
        v.canaries[i].misfired = true;
        replace_text(&v.canaries[i].benchmark.id, worst);
    }
    struct str text = markdown(&v);
    assert_true(text.length < 65536);
    assert_has(&text, "\nRepeat: ");
    assert_has(&text, " --seed 20260131</code>\n");
    str_release(&text);
    versus_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_sorted_by_size),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_uncounted_reasons_are_escaped),
        cmocka_unit_test(test_distrust_comes_first),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_long_names_are_cut),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_size_of_the_worst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
