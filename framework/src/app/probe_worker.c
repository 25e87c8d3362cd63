#include "app/probe_worker.h"
#include "app/isolate.h"
#include "app/plan.h"
#include "app/probe_run.h"
#include "base/memory.h"
#include "measure/allocations.h"
#include "measure/bench.h"
#include "measure/callgrind.h"
#include "measure/clock.h"
#include "measure/probe.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* By enum probe_kind. */
static const struct instrument *const instruments[PROBE_KINDS] = {
    [PROBE_ALLOCATIONS] = &allocations_instrument,
    [PROBE_INSTRUCTIONS] = &callgrind_instrument,
};

struct probing {
    struct probe_page *page;
    const struct instrument *instrument;
    const struct bench_case *bench;
    struct record *record;
    uint32_t lap; /* the one that runs or is next */
    double begun_ns;
};

static bool counts(const struct probing *p)
{
    bool first = p->lap == 0 && p->instrument->choose_iterations != NULL;
    return first || p->lap >= PROBE_FIRST_COUNTED;
}

static uint64_t next_lap(void *context, const struct sample *ended, double now_ns)
{
    struct probing *p = context;
    struct probe_page *page = p->page;
    bool first = p->record->state == RECORD_SETUP;
    (void)ended;
    if (!first) {
        if (p->record->state == RECORD_PROBING) {
            p->instrument->end_lap(p->lap);
        }
        page->laps = ++p->lap;
    }
    if (p->lap == 1 && p->instrument->choose_iterations != NULL) {
        /* Asked in any case: it allocates, and the kernel must meet the same heap in every run. */
        uint64_t chosen = p->instrument->choose_iterations();
        page->iterations = page->iterations > 0 ? page->iterations : chosen;
    }
    uint64_t iterations = probe_plan_lap(page, p->lap, first ? 0 : now_ns - p->begun_ns);
    p->begun_ns = first ? now_ns : p->begun_ns;
    p->record->state = counts(p) ? RECORD_PROBING : RECORD_WARM_UP;
    if (iterations > 0 && p->record->state == RECORD_PROBING) {
        p->instrument->begin_lap(p->lap);
    }
    return iterations;
}

static void finish(struct probe_page *page, enum record_state state, const char *reason)
{
    snprintf(page->reason, sizeof page->reason, "%.*s", (int)sizeof page->reason - 1, reason);
    page->state = (uint32_t)state;
}

/* The page's last word. What the body said of itself holds for this process only. */
static void conclude(struct probing *p)
{
    struct probe_page *page = p->page;
    const struct record *record = p->record;
    char why[sizeof page->reason];
    if (record->state != RECORD_DONE) {
        snprintf(why, sizeof why, "the benchmark %s in the probe: %.400s",
                 record->state == RECORD_SKIPPED ? "skipped itself" : "failed", record->reason);
        finish(page, record->state, why);
    } else if (page->laps < PROBE_LAPS) {
        finish(page, RECORD_FAILED, "a thread left the loop early");
    } else {
        page->promised = record->expects_no_alloc ? PROBE_PROMISE_MADE : PROBE_PROMISE_NONE;
        if (p->instrument->calibrate != NULL) {
            p->instrument->calibrate(p->bench, record->batched);
        }
        p->instrument->conclude(page);
        page->state = RECORD_DONE;
    }
}

static void run_case(struct probe_page *page, const struct instrument *instrument,
                     const struct bench_case *bench, const char *(*skip_if)(void))
{
    struct record *record = memory_zeroed(1, record_bytes(0));
    struct probing probing = {
        .page = page, .instrument = instrument, .bench = bench, .record = record};
    struct lap_planner planner = {
        .next = next_lap, .context = &probing, .meter = &instrument->meter};
    const char *why = skip_if == NULL ? NULL : skip_if();
    page->threads = bench->threads;
    if (why != NULL) {
        record_end(record, RECORD_SKIPPED, why);
    } else {
        bench_run_planned(bench, &planner, clock_init()->ns_per_tick, record);
    }
    page->records_latency = record->records_latency;
    conclude(&probing);
    free(record);
}

/* instrument NULL: PROBE_RUN. */
static void run_page(struct probe_page *page, const struct instrument *instrument,
                     const struct assay_entry *entries)
{
    const char *why = instrument == NULL ? NULL : instrument->open();
    if (why != NULL) {
        finish(page, RECORD_SKIPPED, why);
        return;
    }
    struct options options = {.exact = true, .filters = {1, {page->id}}};
    struct plan plan;
    struct error error = {0};
    bool empty = page->id[0] == '\0';
    options.filters.count = empty ? 0 : 1;
    if (page->asked_threads > 0) {
        options.threads = (struct option_counts){1, {(int)page->asked_threads}};
    }
    if (plan_make(entries, &options, &plan, &error) != 0) {
        finish(page, RECORD_FAILED, error.text);
    } else if (instrument == NULL) {
        probe_run_short(page, &plan);
    } else if (empty) {
        const struct bench_case loop = {
            .run = plan.suite->null_run, .arg = {.text = ""}, .arg2 = {.text = ""}, .threads = 1};
        run_case(page, instrument, &loop, NULL);
    } else {
        struct bench_case bench = plan.cases[0].bench_case;
        bench.cold = false; /* caches change no count, and emptying them takes long */
        run_case(page, instrument, &bench, plan.cases[0].entry->skip_if);
    }
    plan_release(&plan);
}

int probe_worker_run(int fd, const struct assay_entry *entries, struct error *error)
{
    pid_t parent = getppid();
    struct probe_page *page = probe_page_map(fd, error);
    if (page == NULL) {
        return (int)error->status;
    }
    page->answered = PROBE_PROTOCOL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        return STATUS_ENVIRONMENT;
    }
    isolate_pin_self(page->cpu);
    if (page->kind < PROBE_KINDS) {
        run_page(page, instruments[page->kind], entries);
    } else {
        finish(page, RECORD_SKIPPED, "this executable does not know such a probe");
    }
    probe_page_unmap(page);
    return STATUS_OK;
}
