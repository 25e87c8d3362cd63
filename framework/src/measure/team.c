#include "measure/team.h"
#include "measure/clock.h"

#include <math.h>

int team_init(struct team *team, unsigned size, struct record *record,
              const struct lap_planner *planner, double ns_per_tick)
{
    *team = (struct team){.size = size,
                          .members = size,
                          .record = record,
                          .planner = *planner,
                          .ns_per_tick = ns_per_tick};
    if (pthread_mutex_init(&team->lock, NULL) != 0) {
        return -1;
    }
    if (pthread_cond_init(&team->all_here, NULL) != 0) {
        pthread_mutex_destroy(&team->lock);
        return -1;
    }
    return 0;
}

void team_release(struct team *team)
{
    pthread_cond_destroy(&team->all_here);
    pthread_mutex_destroy(&team->lock);
}

static void add_span(struct team_span *lap, const struct team_span *span, bool first)
{
    if (first) {
        *lap = *span;
        return;
    }
    lap->start_ticks = lap->start_ticks < span->start_ticks ? lap->start_ticks : span->start_ticks;
    lap->stop_ticks = lap->stop_ticks > span->stop_ticks ? lap->stop_ticks : span->stop_ticks;
    lap->timed_ns = fmax(lap->timed_ns, span->timed_ns);
    lap->reference_ns = fmax(lap->reference_ns, span->reference_ns);
    lap->partial = lap->partial || span->partial;
    lap->cpu_ns += span->cpu_ns;
    lap->involuntary_switches += span->involuntary_switches;
    lap->page_faults += span->page_faults;
}

/* A hundredth of a nanosecond is far below any clock; more digits would only be noise in the files.
 */
static double rounded_ns(double ns)
{
    return round(ns * 100) / 100;
}

static void plan_next(struct team *team)
{
    struct sample sample = {
        .iterations = team->lap_iterations,
        .time_ns =
            rounded_ns(team->lap.partial ? team->lap.timed_ns
                                         : (double)(team->lap.stop_ticks - team->lap.start_ticks) *
                                               team->ns_per_tick),
        .involuntary_switches = team->lap.involuntary_switches,
        .page_faults = team->lap.page_faults,
        .reference_ns = team->lap.reference_ns,
        .cpu_ns = team->lap.cpu_ns,
    };
    team->lap_iterations = team->ended ? 0
                                       : team->planner.next(team->planner.context, &sample,
                                                            (double)clock_monotonic_ns());
}

static void open_meeting(struct team *team)
{
    plan_next(team);
    team->arrived = 0;
    team->meeting++;
    pthread_cond_broadcast(&team->all_here);
}

uint64_t team_next_lap(struct team *team, const struct team_span *span, enum record_state *phase)
{
    pthread_mutex_lock(&team->lock);
    if (span != NULL) {
        add_span(&team->lap, span, team->arrived == 0);
    }
    team->record->loop_reached = true;
    team->arrived++;
    if (team->arrived == team->members || team->ended) {
        open_meeting(team);
    } else {
        uint64_t meeting = team->meeting;
        while (meeting == team->meeting && !team->ended) {
            pthread_cond_wait(&team->all_here, &team->lock);
        }
    }
    uint64_t iterations = team->ended ? 0 : team->lap_iterations;
    *phase = team->record->state;
    pthread_mutex_unlock(&team->lock);
    return iterations;
}

void team_leave(struct team *team)
{
    pthread_mutex_lock(&team->lock);
    team->members--;
    team->ended = true;
    pthread_cond_broadcast(&team->all_here);
    pthread_mutex_unlock(&team->lock);
}

void team_end(struct team *team, enum record_state state, const char *reason)
{
    pthread_mutex_lock(&team->lock);
    record_end(team->record, state, reason);
    team->ended = true;
    pthread_cond_broadcast(&team->all_here);
    pthread_mutex_unlock(&team->lock);
}
