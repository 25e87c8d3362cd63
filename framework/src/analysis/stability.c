#include "analysis/stability.h"
#include "analysis/stats.h"
#include "base/memory.h"

#include <stdlib.h>

#define SLOWED_BY    0.03
#define SLOWED_10_BY 0.10
#define BEST         0.10
#define WORST        0.90
#define GRADES       5

/* Largest value of each measure that still gets the grade; beyond the last: E. */
static const struct {
    double variation;
    double slowed_share;
    double slowed_10_share;
    double steal_share;
    double switches_per_s;
} limits[GRADES - 1] = {
    {0.005, 0.02, 0.01, 0.001, 5},
    {0.01, 0.10, 0.05, 0.01, 20},
    {0.03, 0.30, 0.15, 0.03, 60},
    {0.10, 0.60, 0.40, 0.10, 400},
};

static size_t window_of(const struct stability_input *input, size_t i)
{
    return (size_t)((input->at[i].at_ns - input->at[0].at_ns) / STABILITY_WINDOW_NS);
}

/* Fills levels (room for one an observation) and returns how many windows have one. */
static size_t find_levels(const struct stability_input *input, double *scratch, double *levels)
{
    size_t windows = 0;
    for (size_t from = 0; from < input->count;) {
        size_t to = from;
        while (to < input->count && window_of(input, to) == window_of(input, from)) {
            scratch[to - from] = input->at[to].work_ns;
            to++;
        }
        if (to - from >= STABILITY_WINDOW_MIN) {
            stats_sort(scratch, to - from);
            levels[windows++] = stats_lowmean(scratch, to - from);
        }
        from = to;
    }
    return windows;
}

static double share_above(const struct stability_input *input, double limit_ns)
{
    size_t above = 0;
    for (size_t i = 0; i < input->count; i++) {
        above += input->at[i].work_ns > limit_ns;
    }
    return (double)above / (double)input->count;
}

static char grade_of(const struct stability *s)
{
    for (int i = 0; i < GRADES - 1; i++) {
        if (s->variation <= limits[i].variation && s->slowed_share <= limits[i].slowed_share &&
            s->slowed_10_share <= limits[i].slowed_10_share &&
            s->steal_share <= limits[i].steal_share &&
            s->switches_per_s <= limits[i].switches_per_s) {
            return (char)('A' + i);
        }
    }
    return 'E';
}

struct stability stability_grade(const struct stability_input *input)
{
    struct stability s = {.observations = input->count,
                          .steal_share = input->steal_share,
                          .switches_per_s = input->switches_per_s};
    if (input->count < 2) {
        return s;
    }
    s.seconds = (input->at[input->count - 1].at_ns - input->at[0].at_ns) / 1e9;
    double *scratch = memory_zeroed(2 * input->count, sizeof *scratch);
    double *levels = scratch + input->count;
    size_t windows = find_levels(input, scratch, levels);
    if (windows >= STABILITY_WINDOWS_MIN) {
        stats_sort(levels, windows);
        double best_ns = stats_quantile(levels, windows, BEST);
        s.variation = stats_quantile(levels, windows, WORST) / best_ns - 1;
        s.slowed_share = share_above(input, best_ns * (1 + SLOWED_BY));
        s.slowed_10_share = share_above(input, best_ns * (1 + SLOWED_10_BY));
        s.grade = grade_of(&s);
    }
    free(scratch);
    return s;
}

const char *stability_meaning(char grade)
{
    switch (grade) {
    case 'A':
        return "steady: the machine alone moves a stored time by less than 1 %";
    case 'B':
        return "nearly steady: the machine alone moves a stored time by about 1 %";
    case 'C':
        return "usual for a shared machine: the machine alone moves a stored time by about 3 %, "
               "and "
               "means by more";
    case 'D':
        return "unsteady: the machine alone moves a stored time by up to 10 %, and means by far "
               "more";
    case 'E':
        return "restless: the machine alone moves a stored time by more than 10 %";
    default:
        return "not graded: too short, a second of samples with one thread is needed";
    }
}

const char *stability_advice(const struct stability *s)
{
    if (s->grade == 0 || s->grade == 'A') {
        return "";
    }
    for (int i = GRADES - 2; i >= 0; i--) {
        if (s->switches_per_s > limits[i].switches_per_s) {
            return "other programs take the CPU away: end them, or measure on another CPU (--pin)";
        }
        if (s->steal_share > limits[i].steal_share) {
            return "the host gives CPU time to other guests: prefer a less busy host";
        }
        if (s->variation > limits[i].variation) {
            return "the CPU's speed itself changes (clock, neighbours on the host): fix its "
                   "frequency if you may, and compare versions side by side (assay compare)";
        }
        if (s->slowed_share > limits[i].slowed_share ||
            s->slowed_10_share > limits[i].slowed_10_share) {
            return "the CPU is slowed at times (a neighbour on the core, the clock): keep the "
                   "sibling idle, or compare versions side by side (assay compare)";
        }
    }
    return "";
}
