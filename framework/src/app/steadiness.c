#include "app/steadiness.h"
#include "base/memory.h"
#include "measure/clock.h"
#include "measure/reference.h"

#include <stdlib.h>
#include <sys/resource.h>

#define EVERY_NS UINT64_C(1000000)
#define WATCH_NS UINT64_C(50000000)

void steadiness_begin(struct steadiness *s)
{
    *s = (struct steadiness){.count = 0};
    s->has_ticks = load_read_ticks("", &s->before);
}

void steadiness_add(struct steadiness *s, const struct observations *more)
{
    if (more->count > 0) {
        s->at = memory_resize(s->at, s->count + more->count, sizeof *s->at);
        for (uint32_t i = 0; i < more->count; i++) {
            s->at[s->count++] = more->at[i];
        }
    }
    s->switches += (double)more->switches;
    s->cpu_ns += more->cpu_ns;
}

struct stability steadiness_grade(const struct steadiness *s)
{
    struct stability_input input = {.at = s->at, .count = s->count};
    struct load_ticks now;
    if (s->has_ticks && load_read_ticks("", &now)) {
        input.steal_share = load_stolen_share(&s->before, &now);
    }
    if (s->cpu_ns > 0) {
        input.switches_per_s = s->switches / (s->cpu_ns / 1e9);
    }
    return stability_grade(&input);
}

void steadiness_release(struct steadiness *s)
{
    free(s->at);
    *s = (struct steadiness){.count = 0};
}

void steadiness_add_sentence(const struct stability *s, struct str *out)
{
    if (s->grade == 0) {
        str_add(out, stability_meaning(0));
        return;
    }
    str_format(out,
               "grade %c (%s): %.1f %% of %zu observations in %.0f s slowed by more than 3 %%, "
               "%.1f %% by more than 10 %%; level moves by %.1f %%; steal %.1f %%; CPU taken away "
               "%.0f times a second of its own",
               s->grade, stability_meaning(s->grade), s->slowed_share * 100, s->observations,
               s->seconds, s->slowed_10_share * 100, s->variation * 100, s->steal_share * 100,
               s->switches_per_s);
}

static struct rusage usage_so_far(void)
{
    struct rusage usage = {.ru_nivcsw = 0};
    getrusage(RUSAGE_THREAD, &usage);
    return usage;
}

bool steadiness_observe(struct steadiness *s, double seconds,
                        bool (*watch)(void *context, double part), void *context)
{
    struct observations *part = memory_zeroed(1, sizeof *part);
    uint64_t begun_ns = clock_monotonic_ns();
    uint64_t now_ns = begun_ns;
    uint64_t watched_ns = begun_ns;
    uint64_t length_ns = (uint64_t)(seconds * 1e9);
    struct rusage before = usage_so_far();
    bool going = watch(context, 0);
    while (going && now_ns - begun_ns < length_ns) {
        double work_ns = reference_ns();
        observations_add(part, (double)now_ns, work_ns);
        for (uint64_t next_ns = now_ns + EVERY_NS; now_ns < next_ns;
             now_ns = clock_monotonic_ns()) {
            reference_ns();
        }
        if (now_ns - watched_ns >= WATCH_NS || part->count == OBSERVATIONS_MAX) {
            steadiness_add(s, part);
            *part = (struct observations){.count = 0};
            watched_ns = now_ns;
            going = watch(context, (double)(now_ns - begun_ns) / (double)length_ns);
        }
    }
    steadiness_add(s, part);
    struct rusage after = usage_so_far();
    s->switches += (double)(after.ru_nivcsw - before.ru_nivcsw);
    s->cpu_ns += load_cpu_ns(&after) - load_cpu_ns(&before);
    free(part);
    return going;
}
