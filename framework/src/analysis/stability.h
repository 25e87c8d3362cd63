/* How steady a machine is, from a fixed piece of work that was timed again and again. Pure
 * functions.
 *
 * The time is cut into windows of a quarter of a second. A window's level is the lowmean
 * (stats_lowmean) of the work's time in it: what a benchmark that ran just then would have felt.
 * The best steady level is the 10 % quantile of the windows' levels, so that one lucky window does
 * not set it. */
#ifndef ASSAY_ANALYSIS_STABILITY_H
#define ASSAY_ANALYSIS_STABILITY_H

#include "measure/observations.h"

#include <stddef.h>

#define STABILITY_WINDOW_NS 0.25e9
/* Observations that make a window; with fewer it is left out. */
#define STABILITY_WINDOW_MIN 8
/* Fewer windows than this (one second) are too short a time to grade. */
#define STABILITY_WINDOWS_MIN 4

struct stability_input {
    const struct observation *at; /* in order of time */
    size_t count;
    double steal_share;    /* of the busy time meanwhile that went to other guests; 0: none, or not
                              known */
    double switches_per_s; /* times that the CPU was taken away, a second of CPU time */
};

struct stability {
    char grade; /* 'A' .. 'E'; 0: not graded, as it was too short */
    size_t observations;
    double seconds;         /* from the first observation to the last */
    double slowed_share;    /* observations more than 3 % slower than the best steady level */
    double slowed_10_share; /* and more than 10 % */
    /* Spread between windows: (90 % quantile - best steady level) / best steady level of the
     * windows' levels. By so much a stored time may differ from the next one although nothing has
     * changed. */
    double variation;
    double steal_share;
    double switches_per_s;
};

/* The grade is the worst that one of these gets:
 *
 *          variation  slowed > 3 %  slowed > 10 %   steal   CPU taken away
 *      A    <= 0.5 %        <= 2 %         <= 1 %  <= 0.1 %      <= 5 /s
 *      B      <= 1 %       <= 10 %         <= 5 %    <= 1 %     <= 20 /s
 *      C      <= 3 %       <= 30 %        <= 15 %    <= 3 %     <= 60 /s
 *      D     <= 10 %       <= 60 %        <= 40 %   <= 10 %    <= 400 /s
 *      E      beyond
 *
 * The limits of variation are what a stored time may be off by. The lowmean feels slowed samples
 * when they are half of all, hence 60 % and 40 % for D. How often the CPU is taken away counts a
 * second of CPU time: on a crowded CPU it happens less often a second of wall time, as one gets
 * less of it. Busy programs on the same CPU take it away 270 to 300 times under Linux' default
 * scheduler: with one beside, the lowmean of runs stayed within 3 to 6 % while their mean moved by
 * 10 to 70 %; with a dozen, by several hundred. */
struct stability stability_grade(const struct stability_input *input);

/* What the grade means to somebody who holds stored numbers against new ones: one sentence without
 * a full stop. For grade 0: why there is none. Static text. */
const char *stability_meaning(char grade);

/* What to do about what made the grade no better; "" when there is nothing. Static text. */
const char *stability_advice(const struct stability *s);

#endif
