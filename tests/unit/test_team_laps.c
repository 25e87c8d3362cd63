/* What a lap of several threads is said to have taken, from spans that are made up here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "measure/team.h"

#define THREADS_MAX 3
#define NS_PER_TICK 0.5
#define LAP         1000 /* iterations */

/* A lap in which each thread does what its span says. */
struct played {
    unsigned threads;
    bool lockstep;
    bool probing;
    struct team_span spans[THREADS_MAX];
    struct sample seen; /* by the planner */
    struct record *record;
    struct team_lap lap; /* as the threads got it */
};

struct member {
    struct team *team;
    struct played *played;
    unsigned index;
};

/* One lap, which is a sample, and the end. */
static uint64_t plan_one(void *context, const struct sample *lap, double now_ns)
{
    struct played *p = context;
    (void)now_ns;
    if (p->record->state == RECORD_SETUP) {
        assert_int_equal(lap->iterations, 0);
        p->record->state = p->probing ? RECORD_PROBING : RECORD_SAMPLING;
        return LAP;
    }
    p->seen = *lap;
    p->record->samples[p->record->sample_count++] = *lap;
    return 0;
}

static void *run_member(void *argument)
{
    struct member *m = argument;
    struct team_lap lap = team_next_lap(m->team, m->index, NULL);
    team_gather(m->team, &lap);
    if (m->index == 0) {
        m->played->lap = lap;
    }
    team_next_lap(m->team, m->index, &m->played->spans[m->index]);
    team_leave(m->team);
    return NULL;
}

static void play_lap(struct played *p)
{
    struct team team;
    struct lap_planner planner = {.next = plan_one, .context = p, .waits = p->lockstep};
    pthread_t threads[THREADS_MAX];
    struct member members[THREADS_MAX];
    alarm(20); /* waiting for ever ends the program */
    p->record = calloc(1, record_bytes_of_threads(1, p->threads));
    assert_non_null(p->record);
    p->record->capacity = 1;
    p->record->threads = record_threads(p->threads);
    assert_int_equal(team_init(&team, p->threads, p->lockstep, p->record, &planner, NS_PER_TICK),
                     0);
    for (unsigned i = 0; i < p->threads; i++) {
        members[i] = (struct member){&team, p, i};
        assert_int_equal(pthread_create(&threads[i], NULL, run_member, &members[i]), 0);
    }
    for (unsigned i = 0; i < p->threads; i++) {
        pthread_join(threads[i], NULL);
    }
    team_release(&team);
    assert_int_equal(p->lap.phase, p->probing ? RECORD_PROBING : RECORD_SAMPLING);
    assert_true(p->lap.lockstep == (p->lockstep || p->probing || p->threads == 1));
    assert_int_equal(p->lap.iterations, LAP);
    assert_int_equal(p->seen.iterations, LAP);
}

static void check_thread(const struct played *p, unsigned index, uint64_t iterations,
                         double time_ns)
{
    const struct thread_sample *own = &record_of_threads(p->record, 0)[index];
    assert_int_equal(own->iterations, iterations);
    assert_true(own->time_ns == time_ns);
}

static void check_time(const struct played *p, double time_ns)
{
    if (p->seen.time_ns < time_ns - 0.0051 || p->seen.time_ns > time_ns + 0.0051) {
        fail_msg("the lap took %.17g ns, expected %.17g", p->seen.time_ns, time_ns);
    }
}

static void test_one_thread(void **state)
{
    (void)state;
    struct played p = {.threads = 1,
                       .spans = {{.iterations = LAP,
                                  .start_ticks = 5000,
                                  .stop_ticks = 9001,
                                  .timed_ns = 7,
                                  .reference_ns = 30,
                                  .page_faults = 2}}};
    play_lap(&p);
    check_time(&p, 2000.5);
    assert_true(p.seen.reference_ns == 30 && p.seen.page_faults == 2);
    assert_int_equal(p.record->threads, 0);
    free(p.record);
    p.spans[0].partial = true;
    p.record = NULL;
    play_lap(&p);
    check_time(&p, 7);
    free(p.record);
}

/* The window ends with the first thread: 9/10 of the second one's time lies inside, nothing of the
 * third one's, which had to wait for a CPU. */
static void test_window(void **state)
{
    (void)state;
    const uint64_t base = UINT64_C(1) << 60; /* a clock that has run for long: every tick counts */
    struct played p = {.threads = 3,
                       .spans = {{.iterations = LAP,
                                  .start_ticks = base,
                                  .stop_ticks = base + 10000,
                                  .reference_ns = 30,
                                  .involuntary_switches = 1},
                                 {.iterations = 600,
                                  .start_ticks = base + 1000,
                                  .stop_ticks = base + 11000,
                                  .reference_ns = 50,
                                  .involuntary_switches = 2},
                                 {.iterations = 1,
                                  .start_ticks = base + 12000,
                                  .stop_ticks = base + 12010,
                                  .reference_ns = 40}}};
    play_lap(&p);
    check_time(&p, LAP * 10000 * NS_PER_TICK * 3 / (LAP + 0.9 * 600));
    assert_true(p.seen.reference_ns == 50);
    assert_int_equal(p.seen.involuntary_switches, 3);
    assert_int_equal(p.record->threads, 3);
    check_thread(&p, 0, LAP, 5000);
    check_thread(&p, 1, 600, 5500);
    check_thread(&p, 2, 1, 6005);
    free(p.record);
}

static void test_even_threads(void **state)
{
    (void)state;
    struct team_span span = {.iterations = LAP, .start_ticks = 100, .stop_ticks = 4100};
    struct played p = {.threads = 2, .spans = {span, span}};
    play_lap(&p);
    check_time(&p, 4000 * NS_PER_TICK); /* as long as the lap of one */
    free(p.record);
}

static void test_lockstep(void **state)
{
    (void)state;
    struct played p = {.threads = 2,
                       .lockstep = true,
                       .spans = {{.iterations = LAP, .start_ticks = 100, .stop_ticks = 4100},
                                 {.iterations = LAP, .start_ticks = 300, .stop_ticks = 8100}}};
    play_lap(&p);
    check_time(&p, 8000 * NS_PER_TICK);
    check_thread(&p, 0, LAP, 2000);
    check_thread(&p, 1, LAP, 4000);
    assert_true(p.lap.chunk == LAP);
    free(p.record);
}

/* Laps for counting are divided by what was planned: nobody may do less. */
static void test_laps_for_counting_have_no_stop(void **state)
{
    (void)state;
    struct team_span span = {.iterations = LAP, .start_ticks = 100, .stop_ticks = 4100};
    struct played p = {.threads = 2, .probing = true, .spans = {span, span}};
    play_lap(&p);
    assert_int_equal(p.lap.chunk, LAP);
    free(p.record);
}

/* Parts of a lap have no window: what the threads measured of it counts, wherever it lay. */
static void test_partial(void **state)
{
    (void)state;
    struct played p = {
        .threads = 2,
        .spans = {{.iterations = LAP, .timed_ns = 5000, .partial = true},
                  {.iterations = 500, .start_ticks = 1, .stop_ticks = 100000, .timed_ns = 4000}}};
    play_lap(&p);
    check_time(&p, LAP * 9000.0 / 1500);
    check_thread(&p, 0, LAP, 5000);
    check_thread(&p, 1, 500, 4000);
    free(p.record);
    p.lockstep = true;
    play_lap(&p);
    check_time(&p, 5000);
    free(p.record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_thread),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_even_threads),
        cmocka_unit_test(test_lockstep),
        cmocka_unit_test(test_laps_for_counting_have_no_stop),
        cmocka_unit_test(test_partial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
