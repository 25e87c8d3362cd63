#include "measure/counting.h"

#include <math.h>

#define ITERATIONS_MAX (UINT64_C(1) << 40)
#define GROWTH         4
/* The first lap opens the counters, too; its time says something only where it is this many laps
 * long. */
#define FIRST_LAPS 10
#define PAIRS_MIN  2

void counting_init(struct counting *c, unsigned threads, double lap_ns)
{
    *c = (struct counting){.lap_ns = lap_ns, .threads = threads};
}

static void begin_pairs(struct counting *c, double wall_ns)
{
    double fitting = floor(COUNTING_ALL_NS / (3 * fmax(wall_ns, 1)));
    c->pairs = fitting >= COUNTING_PAIRS ? COUNTING_PAIRS
               : fitting > PAIRS_MIN     ? (size_t)fitting
                                         : PAIRS_MIN;
}

/* Another warm lap, or true. */
static bool is_warm(struct counting *c, double wall_ns)
{
    double enough_ns = c->iterations == 0 ? c->lap_ns * FIRST_LAPS : c->lap_ns / 2;
    if (wall_ns >= enough_ns || c->iterations >= ITERATIONS_MAX) {
        c->iterations = c->iterations == 0 ? 1 : c->iterations;
        return true;
    }
    double fitting = c->lap_ns / fmax(wall_ns, 1) * (double)c->iterations;
    double grown = (double)c->iterations * GROWTH;
    c->iterations = (uint64_t)fmax(ceil(fmin(grown, fitting)), 1);
    return false;
}

uint64_t counting_next(struct counting *c, double now_ns)
{
    double wall_ns = now_ns - c->began_ns;
    bool first = !c->running;
    c->running = true;
    c->began_ns = now_ns;
    if (first) {
        return 1;
    }
    if (c->pairs == 0) {
        if (!is_warm(c, wall_ns)) {
            return c->iterations;
        }
        begin_pairs(c, wall_ns);
        return c->iterations;
    }
    c->laps++;
    return c->laps == 2 * c->pairs ? 0 : c->laps % 2 == 0 ? c->iterations : 2 * c->iterations;
}

struct lap_count *counting_lap(struct counting *c)
{
    return c->pairs == 0 || c->laps >= 2 * c->pairs ? NULL : c->counts[c->laps];
}

void counting_add(struct lap_count *lap, const struct event_reading *before,
                  const struct event_reading *after, double spans, double span_count)
{
    double count = (double)(after->count - before->count);
    double enabled_ns = (double)(after->enabled_ns - before->enabled_ns);
    double running_ns = (double)(after->running_ns - before->running_ns);
    lap->enabled_ns += enabled_ns;
    lap->running_ns += running_ns;
    if (running_ns > 0) {
        lap->count += count * enabled_ns / running_ns - spans * span_count;
    } else {
        lap->lost = true;
    }
}

/* Whether both laps of the pair counted the event; *growth: what 2n iterations count more than n.
 */
static bool pair_growth(const struct counting *c, size_t pair, size_t i, double *growth)
{
    const struct lap_count *once = &c->counts[2 * pair][i];
    const struct lap_count *twice = &c->counts[2 * pair + 1][i];
    *growth = twice->count - once->count;
    return !once->lost && !twice->lost;
}

static double scale_of(const struct counting *c, size_t i)
{
    double enabled_ns = 0;
    double running_ns = 0;
    for (size_t lap = 0; lap < 2 * c->pairs; lap++) {
        enabled_ns += c->counts[lap][i].enabled_ns;
        running_ns += c->counts[lap][i].running_ns;
    }
    return running_ns < enabled_ns ? running_ns / enabled_ns : 1;
}

static void set_figures(const struct counting *c, size_t i, const double *figures, size_t count,
                        struct metric *metric)
{
    if (metric == NULL) {
        return;
    }
    metric_measure(metric, figures, count);
    if (!metric_is_known(metric)) {
        return;
    }
    /* What comes by chance (a switch of context) may hit the shorter lap: no count is negative. */
    metric->value = fmax(metric->value, 0);
    metric->lower = fmax(metric->lower, 0);
    metric->upper = fmax(metric->upper, 0);
    metric->scale = scale_of(c, i);
    metric->state = metric->scale < 1 ? METRIC_SCALED : METRIC_MEASURED;
}

static bool is_complete(const struct counting *c, struct metric *metric)
{
    if (c->pairs > 0 && c->laps == 2 * c->pairs) {
        return true;
    }
    metric_deny(metric, "a thread left the loop before it was counted");
    return false;
}

static void deny_lost(struct metric *metric)
{
    metric_deny(metric, "it was never scheduled on a counter: ask for fewer at a time; something "
                        "else may hold some (as root: sysctl kernel.nmi_watchdog=0)");
}

void counting_measure(const struct counting *c, size_t i, struct metric *metric)
{
    double figures[COUNTING_PAIRS];
    size_t count = 0;
    double n = (double)c->iterations * c->threads;
    if (!is_complete(c, metric)) {
        return;
    }
    for (size_t pair = 0; pair < c->pairs; pair++) {
        double growth;
        if (pair_growth(c, pair, i, &growth)) {
            figures[count++] = growth / n;
        }
    }
    if (count == 0) {
        deny_lost(metric);
    } else {
        set_figures(c, i, figures, count, metric);
    }
}

void counting_measure_ratio(const struct counting *c, size_t i, size_t j, struct metric *metric)
{
    double figures[COUNTING_PAIRS];
    size_t count = 0;
    size_t counted = 0;
    if (!is_complete(c, metric)) {
        return;
    }
    for (size_t pair = 0; pair < c->pairs; pair++) {
        double upper;
        double lower;
        bool both = pair_growth(c, pair, i, &upper) && pair_growth(c, pair, j, &lower);
        counted += both;
        if (both && lower > 0) {
            figures[count++] = upper / lower;
        }
    }
    if (count > 0) {
        set_figures(c, i, figures, count, metric);
    } else if (counted > 0) {
        metric_deny(metric, "an iteration has none of what it is a share of");
    } else {
        deny_lost(metric);
    }
}
