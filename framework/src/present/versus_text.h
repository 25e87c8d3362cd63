/* Words and figures of a comparison that the terminal, Markdown and JUnit share. None of it is
 * escaped; texts of others go through add_plain or through the escaping of a format. */
#ifndef ASSAY_PRESENT_VERSUS_TEXT_H
#define ASSAY_PRESENT_VERSUS_TEXT_H

#include "present/versus.h"

/* From this part of disturbed slices on, a machine is called noisy. */
#define VERSUS_NOISY 0.05

/* Text of others on one line of a terminal: control characters, line breaks, marks that turn the
 * direction of writing and bytes that are no UTF-8 become '?'. Returns its characters. */
size_t versus_add_plain(struct str *out, const char *text);
/* Whether a code point is one of those. */
bool versus_is_control(uint32_t code);

/* "+1.02", never "-0.00". */
void versus_add_percent_number(struct str *out, double ratio, int decimals);
/* "+1.02 %". */
void versus_add_percent(struct str *out, double ratio, int decimals);
/* "[+0.93 .. +1.11]". */
void versus_add_interval(struct str *out, const struct versus_interval *interval);
/* "0.4 %": without a sign, in as few digits as say something. */
void versus_add_detectable(struct str *out, double ratio);
/* "0.4 s", "12 s", "5 min", "2.5 h". */
void versus_add_duration(struct str *out, double seconds);

/* How it ended: a verdict, "below resolution", or a status. */
const char *versus_outcome(const struct versus_benchmark *b);
bool versus_judged_as(const struct versus_benchmark *b, enum versus_verdict verdict);
/* Whether it has an effect to show: judged, and by enough pairs for an interval. */
bool versus_has_figures(const struct versus_benchmark *b);
/* What is to be said besides, joined by "; ": the reason, what would settle it, a slower tail, an
 * unconfirmed suspicion, the note. May be nothing. */
void versus_add_remarks(struct str *out, const struct versus_benchmark *b);

/* The pair of its instruction counts; NULL: they were not asked for. */
const struct metric_pair *versus_instructions(const struct versus_benchmark *b);

/* "3 regressed, 1 improved, 150 unchanged, 8 inconclusive" and those others that are not zero. */
void versus_add_counts(struct str *out, const struct versus *v);
/* "machine: quiet: 0.4 % of slices disturbed". */
void versus_add_disturbance(struct str *out, const struct versus *v);

typedef void versus_add_text(struct str *out, const char *text);
/* "main (0123456789ab, with uncommitted changes)". */
void versus_add_side(struct str *out, const struct versus_side *side, versus_add_text *add);

bool versus_is_trusted(const struct versus *v);
size_t versus_misfired(const struct versus *v);
/* Two sentences that name the canaries that misfired; for a comparison that is not trusted. */
void versus_add_distrust(struct str *out, const struct versus *v, versus_add_text *add);

#endif
