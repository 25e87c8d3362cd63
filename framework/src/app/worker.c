#include "app/worker.h"
#include "app/probe_worker.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "measure/clock.h"
#include "measure/duel.h"
#include "measure/probe.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LUCK_HEAP_BYTES 65536
#define LUCK_PAGES      512

struct contender {
    struct duel *duel;
    enum duel_name self;
    bool absurd; /* a lap's time is none */
};

static void describe_build(struct json_writer *w, const struct assay_suite *suite)
{
    json_begin_object(w, "build");
    json_add_text(w, "compiler", suite->compiler);
    json_add_text(w, "flags", suite->flags);
    json_add_text(w, "variant", suite->variant);
    json_add_bool(w, "optimised", suite->optimised);
    json_end(w);
}

void worker_describe(const struct plan *plan, struct str *out)
{
    struct json_writer *w = memory_zeroed(1, sizeof *w);
    json_writer_init(w, out);
    json_begin_object(w, NULL);
    json_add_int(w, "worker", DUEL_PROTOCOL);
    json_add_text(w, "version", ASSAY_VERSION);
    json_add_int(w, "probes", PROBE_PROTOCOL);
    json_add_text(w, "suite", plan->suite->name);
    describe_build(w, plan->suite);
    json_begin_array(w, "benchmarks");
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_case *c = &plan->cases[i];
        struct str symbol = STR_EMPTY;
        str_format(&symbol, "assay__run_%s", c->entry->ident);
        json_begin_object_line(w, NULL);
        json_add_text(w, "id", c->id);
        json_add_int(w, "threads", c->bench_case.threads);
        json_add_text(w, "symbol", str_text(&symbol));
        json_end(w);
        str_release(&symbol);
    }
    json_end(w);
    json_end(w);
    str_add_char(out, '\n');
    free(w);
}

/* Splits "FD:ROLE": the role, or NULL with an error. */
static const char *parse_role(const char *text, int *fd, struct error *error)
{
    static const char *const roles[] = {":old", ":new", ":probe"};
    char *role = NULL;
    errno = 0;
    long number = strtol(text, &role, 10);
    bool parsed = role != text && errno == 0 && number >= 0 && number <= INT_MAX;
    for (size_t i = 0; parsed && i < sizeof roles / sizeof roles[0]; i++) {
        if (strcmp(role, roles[i]) == 0) {
            *fd = (int)number;
            return roles[i] + 1;
        }
    }
    error_set(error, STATUS_USAGE,
              "--worker: \"%s\" is neither hello nor FD:old, FD:new or FD:probe", text);
    return NULL;
}

static bool pin(const struct duel *d)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (d->request.cpu < 0) {
        return true;
    }
    CPU_SET((size_t)d->request.cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

/* Moves the heap and what is mapped later, on both sides by the same: where memory lies is drawn
 * anew for each pair. The pages of the large steps are never touched. */
static void apply_luck(uint64_t luck)
{
    static void *heap; /* not lost: a leak is an error to a sanitizer */
    size_t pages = (size_t)(luck >> 40) % LUCK_PAGES;
    void *end = sbrk((intptr_t)((luck >> 52) % LUCK_PAGES * 4096));
    heap = malloc(16 + (size_t)(luck >> 16) % LUCK_HEAP_BYTES);
    void *map = mmap(NULL, (1 + pages) * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    /* Kept to the end of the process. */
    __asm__ volatile("" : : "r"(end), "r"(heap), "r"(map) : "memory");
}

static uint64_t next_lap(void *context, const struct sample *ended, double now_ns)
{
    struct contender *c = context;
    (void)now_ns;
    if (!(ended->time_ns < RECORD_TIME_NS_MAX)) {
        c->absurd = true;
        return 0;
    }
    return duel_take_turn(c->duel, c->self, ended);
}

static void finish(struct duel *d, enum duel_name self, enum duel_state state, const char *reason)
{
    struct duel_side *side = &d->sides[self];
    snprintf(side->reason, sizeof side->reason, "%.*s", (int)sizeof side->reason - 1, reason);
    side->state = state;
    if (state != DUEL_DONE) {
        duel_end(d);
    }
}

static void run_case(struct duel *d, enum duel_name self, const struct bench_case *bench,
                     const char *(*skip_if)(void))
{
    const char *why = skip_if == NULL ? NULL : skip_if();
    if (why != NULL) {
        finish(d, self, DUEL_SKIPPED, why);
        return;
    }
    struct record *record = memory_zeroed(1, record_bytes(0));
    struct contender contender = {.duel = d, .self = self};
    struct lap_planner planner = {.next = next_lap, .context = &contender, .waits = true};
    bench_run_planned(bench, &planner, d->request.ns_per_tick, record);
    if (record->state == RECORD_SKIPPED) {
        finish(d, self, DUEL_SKIPPED, record->reason);
    } else if (record->state == RECORD_FAILED) {
        finish(d, self, DUEL_FAILED, record->reason);
    } else if (contender.absurd) {
        finish(d, self, DUEL_FAILED, "the recorded durations add up to more than 30 years");
    } else if (d->lap != DUEL_END) {
        finish(d, self, DUEL_STOPPED, "the pair ended before its last slice");
    } else {
        finish(d, self, DUEL_DONE, "");
    }
    free(record);
}

static void run_side(struct duel *d, enum duel_name self, const struct assay_entry *entries)
{
    struct options options = {.exact = true, .filters = {1, {d->sides[self].id}}};
    struct plan plan;
    struct error error = {0};
    bool empty = d->sides[self].id[0] == '\0';
    if (empty) {
        options.filters.count = 0;
    }
    if (plan_make(entries, &options, &plan, &error) != 0) {
        finish(d, self, DUEL_FAILED, error.text);
    } else if (empty) {
        struct bench_case loop = {
            .run = plan.suite->null_run, .arg = {.text = ""}, .arg2 = {.text = ""}, .threads = 1};
        run_case(d, self, &loop, NULL);
    } else {
        run_case(d, self, &plan.cases[0].bench_case, plan.cases[0].entry->skip_if);
    }
    plan_release(&plan);
}

static int run_duel(int fd, enum duel_name self, const struct assay_entry *entries,
                    struct error *error)
{
    pid_t parent = getppid();
    struct duel *d = duel_map(fd, error);
    if (d == NULL) {
        return (int)error->status;
    }
    d->sides[self].protocol = DUEL_PROTOCOL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        return STATUS_ENVIRONMENT;
    }
    d->sides[self].pinned = pin(d);
    clock_adopt(d->request.tsc);
    apply_luck(d->request.luck);
    if (duel_await_setup(d, self)) {
        run_side(d, self, entries);
    } else {
        finish(d, self, DUEL_STOPPED, "its turn never came");
    }
    duel_unmap(d);
    return STATUS_OK;
}

int worker_run(const char *text, const struct assay_entry *entries, struct error *error)
{
    int fd = -1;
    const char *role = parse_role(text, &fd, error);
    if (role == NULL) {
        return (int)error->status;
    }
    if (strcmp(role, "probe") == 0) {
        return probe_worker_run(fd, entries, error);
    }
    return run_duel(fd, strcmp(role, "old") == 0 ? DUEL_OLD : DUEL_NEW, entries, error);
}
