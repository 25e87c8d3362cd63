/* Comparisons that are hard to print: texts that try to break out of every format, figures out of
 * all proportion, very many benchmarks. */
#ifndef TESTS_VERSUS_HOSTILE_H
#define TESTS_VERSUS_HOSTILE_H

#include <string.h>

#include "base/str.h"
#include "versus_sample.h"

static const char *const hostile_texts[] = {
    "quotes/\"a\" 'b' `c` ``d``",
    "pipes/a|b\\|c\\\\|d",
    "tags/</code></td></summary></details><script>alert(1)</script><!-- x",
    "references/&amp; &#124; &lt;b&gt; ]]> <![CDATA[",
    "bytes/\xff\xc3(\xed\xa0\x80\xf5\x80\x80\x80\xe2\x82",
    "controls/\x01\x1b[31m\x7f\t|\r\n\x08 \xc2\x9b",
    "people/@octocat @org/team a@example.org",
    "issues/#123 GH-123 owner/repo#7 https://github.com/o/r/issues/1 www.example.org",
    "marks/__a__ *b* ~~c~~ [x](y) ![z](q) $m$ :tada: # h - l > q",
    "direction/\xe2\x80\xaezyx\xe2\x81\xa6 \xe2\x80\xa8",
    "beyond/\xef\xbf\xbe\xef\xbf\xbf \xf0\x9f\x98\x80 \xc3\xa9",
    "",
    " ",
    "%s%n%d",
    "\\",
    "line\nbreak",
};
#define HOSTILE_TEXTS (sizeof hostile_texts / sizeof hostile_texts[0])

static inline void replace_text(char **text, const char *by)
{
    free(*text);
    *text = memory_text(by);
}

static inline void add_hostile(struct versus *v, size_t index)
{
    static const double effects[] = {99, -0.99, 1e9, -1e-9, 1e-9, 0.01};
    const char *text = hostile_texts[index];
    enum versus_status status = (enum versus_status)(index % 5);
    if (status != VERSUS_COMPARED) {
        versus_add_other(v, text, text, status, status == VERSUS_IDENTICAL ? NULL : text);
        return;
    }
    struct versus_plan plan = {text, text, 100, 0, 0, 0.002, (enum versus_verdict)(index / 5 % 4),
                               true};
    struct versus_benchmark *b = versus_add_compared(v, &plan);
    double effect = effects[index % 6];
    b->effect = (struct versus_interval){effect, effect - 0.1 * fabs(effect), effect * 2 + 1};
    b->tail = b->effect;
    b->tail_slower = plan.verdict != VERSUS_REGRESSED;
    b->detectable = fabs(effect);
    b->note = memory_text(text);
    if (plan.verdict == VERSUS_INCONCLUSIVE) {
        b->pairs_needed = 1000000;
        b->seconds_needed = 78000;
    }
}

/* Every hostile text with every status and verdict in turn, and in every other place for a text. */
static inline struct versus versus_hostile(void)
{
    struct versus v = versus_context();
    for (size_t i = 0; i < HOSTILE_TEXTS * 5; i++) {
        add_hostile(&v, i % HOSTILE_TEXTS);
    }
    for (size_t i = 0; i < HOSTILE_TEXTS; i++) {
        versus_add_warning(&v, hostile_texts[i]);
    }
    v.only_old = versus_texts(HOSTILE_TEXTS, hostile_texts);
    v.only_old_count = HOSTILE_TEXTS;
    v.only_new = versus_texts(HOSTILE_TEXTS, hostile_texts);
    v.only_new_count = HOSTILE_TEXTS;
    replace_text(&v.old_side.name, hostile_texts[2]);
    replace_text(&v.old_side.path, hostile_texts[1]);
    replace_text(&v.old_side.commit, hostile_texts[6]);
    replace_text(&v.new_side.name, hostile_texts[7]);
    replace_text(&v.new_side.path, hostile_texts[0]);
    replace_text(&v.new_side.commit, hostile_texts[4]);
    versus_add_canaries(&v);
    for (size_t i = 0; i < v.canary_count; i++) {
        v.canaries[i].misfired = true;
        replace_text(&v.canaries[i].benchmark.id, hostile_texts[2 + i]);
    }
    v.trusted = false;
    v.complete = false;
    return v;
}

/* `count` benchmarks with long ids, a third each regressed, inconclusive and unchanged. */
static inline struct versus versus_many(size_t count)
{
    static const enum versus_verdict verdicts[] = {VERSUS_REGRESSED, VERSUS_INCONCLUSIVE,
                                                   VERSUS_UNCHANGED};
    struct versus v = versus_context();
    v.settings.screen_pairs = 3;
    v.settings.confirm_pairs = 3;
    v.benchmarks = memory_zeroed(count, sizeof *v.benchmarks);
    for (size_t i = 0; i < count; i++) {
        struct str id = STR_EMPTY;
        str_format(&id, "suite_%02zu/", i / 100);
        for (int part = 0; part < 9; part++) {
            str_add(&id, "|a_long.name|/");
        }
        str_format(&id, "%04zu", i);
        double size = (double)(i + 1) / (double)count;
        struct versus_plan plan = {"",    str_text(&id),   100,       0, 0,
                                   0.002, verdicts[i % 3], i % 3 == 0};
        versus_fill(&v.benchmarks[v.count++], &plan, &v.settings);
        v.benchmarks[i].effect = (struct versus_interval){size, size / 2, size * 2};
        v.benchmarks[i].tail_slower = false;
        v.benchmarks[i].old_times.density.step = 0;
        v.benchmarks[i].new_times.density.step = 0;
        str_clear(&id);
        str_format(&id, "suite_%02zu", i / 100);
        replace_text(&v.benchmarks[i].suite, str_text(&id));
        str_release(&id);
    }
    return v;
}

/* One canary of each kind misfired. */
static inline struct versus versus_untrusted(void)
{
    struct versus v = versus_sample();
    v.trusted = false;
    v.canaries[0].misfired = true;
    v.canaries[0].benchmark.verdict = VERSUS_REGRESSED;
    v.canaries[0].benchmark.effect = (struct versus_interval){0.008, 0.006, 0.01};
    v.canaries[3].misfired = true;
    v.canaries[3].benchmark.verdict = VERSUS_UNCHANGED;
    v.canaries[3].benchmark.effect = (struct versus_interval){0.001, -0.001, 0.003};
    return v;
}

#endif
