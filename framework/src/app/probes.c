#include "app/probes.h"
#include "app/probe_valgrind.h"
#include "app/tally_library.h"
#include "base/executable.h"
#include "base/memory.h"
#include "measure/allocations.h"
#include "measure/callgrind.h"
#include "measure/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Iterations of a lap by what one takes: the six of 1 + 5 n stay below a tenth of a second until
 * one takes 20 ms. Steps that are far apart: the same benchmark gets the same n in nearly every
 * run.
 */
#define MANY_BELOW_NS 1e5
#define SOME_BELOW_NS 2e6
/* Valgrind: what it takes to start, with a second's laps of a fast kernel, and how many times
 * slower a slow one runs. */
#define VALGRIND_START_S 1.0
#define VALGRIND_SLOWER  50
/* Part of a benchmark's share of a time budget that its probes may take. */
#define BUDGET_SHARE 0.3

#define SAY(reason, ...) snprintf(reason, METRIC_REASON_BYTES, __VA_ARGS__)

struct method {
    enum probe_kind kind;
    /* Whether the options ask for it; else NULL or a sentence why its metrics are not there. NULL:
     * they are not mentioned. */
    bool (*is_wanted)(const struct options *options, const char **why_not);
    /* Sets how to start it, or a reason and false. What it points to lives as long as `probes`. */
    bool (*prepare)(struct probes *probes, const struct probe_job *job, struct probe_launch *launch,
                    const char *variables[4], char reason[METRIC_REASON_BYTES]);
    /* In place of prepare, for a probe that needs more than a process; NULL: prepare. */
    enum probe_outcome (*run)(const struct probe_job *job, struct probe_page *page);
    /* NULL: who asks for it knows which metrics there would be. */
    void (*deny)(struct metric_list *metrics, const char *reason);
    /* Seconds that it takes when an iteration takes so long, and n; 0: the probe chooses. */
    double (*plan)(double iteration_ns, uint64_t *iterations);
};

static bool wants_allocations(const struct options *options, const char **why_not)
{
    *why_not = options->no_probes ? "--no-probes was given" : NULL;
    return !options->no_probes;
}

static bool open_library(struct probes *probes, char reason[METRIC_REASON_BYTES])
{
    struct error error = {0};
    if (probes->library >= 0) {
        return true;
    }
    probes->library = tally_library_open(&error);
    if (probes->library < 0) {
        SAY(reason, "%.*s", METRIC_REASON_BYTES - 1, error.text);
        return false;
    }
    probes->preload = tally_library_variable(probes->library);
    return true;
}

static bool prepare_allocations(struct probes *probes, const struct probe_job *job,
                                struct probe_launch *launch, const char *variables[4],
                                char reason[METRIC_REASON_BYTES])
{
    struct executable_facts facts;
    if (!executable_read(job->program, &facts)) {
        SAY(reason, "the executable cannot be read as a 64-bit ELF file");
        return false;
    }
    if (facts.sanitizer != NULL) {
        SAY(reason, "the program is built with %s, which brings its own allocator",
            facts.sanitizer);
        return false;
    }
    if (!facts.dynamic) {
        SAY(reason, "the program is linked statically: nothing can be put before its allocator");
        return false;
    }
    if (!open_library(probes, reason)) {
        return false;
    }
    variables[0] = probes->preload;
    launch->variables = variables;
    launch->library = probes->library;
    return true;
}

/* Iterations of a lap; 0: the probe chooses. */
static uint64_t choose_iterations(double iteration_ns)
{
    return !(iteration_ns > 0)            ? 0
           : iteration_ns < MANY_BELOW_NS ? 100
           : iteration_ns < SOME_BELOW_NS ? 10
                                          : 1;
}

static double plan_allocations(double iteration_ns, uint64_t *iterations)
{
    *iterations = choose_iterations(iteration_ns);
    return (1 + 5 * (double)*iterations) * iteration_ns / 1e9;
}

static bool wants_instructions(const struct options *options, const char **why_not)
{
    *why_not = NULL;
    return options->count_instructions;
}

/* n follows from the instructions of the first iteration, not from a time: it must not differ from
 * run to run. */
static double plan_instructions(double iteration_ns, uint64_t *iterations)
{
    *iterations = 0;
    return VALGRIND_START_S + VALGRIND_SLOWER * 6 * iteration_ns / 1e9;
}

/* A comparison asks for it, never a run: that is one itself. */
static bool wants_no_run(const struct options *options, const char **why_not)
{
    (void)options;
    *why_not = NULL;
    return false;
}

static bool prepare_run(struct probes *probes, const struct probe_job *job,
                        struct probe_launch *launch, const char *variables[4],
                        char reason[METRIC_REASON_BYTES])
{
    (void)probes;
    (void)job;
    (void)launch;
    (void)variables;
    (void)reason;
    return true;
}

/* By enum probe_kind. */
static const struct method methods[] = {
    {PROBE_ALLOCATIONS, wants_allocations, prepare_allocations, NULL, allocations_deny,
     plan_allocations},
    {PROBE_INSTRUCTIONS, wants_instructions, NULL, probe_valgrind_run, callgrind_deny,
     plan_instructions},
    {PROBE_RUN, wants_no_run, prepare_run, NULL, NULL, NULL},
};
#define METHODS (sizeof methods / sizeof methods[0])

void probes_deny(enum probe_kind kind, struct metric_list *metrics, const char *reason)
{
    if (methods[kind].deny != NULL) {
        methods[kind].deny(metrics, reason);
    }
}

void probes_init(struct probes *probes, const struct options *options)
{
    *probes =
        (struct probes){.initialised = true, .options = options, .program = -1, .library = -1};
}

void probes_release(struct probes *probes)
{
    if (!probes->initialised) {
        return;
    }
    if (probes->program >= 0) {
        close(probes->program);
    }
    if (probes->library >= 0) {
        close(probes->library);
    }
    free(probes->preload);
    free(probes->page);
    *probes = (struct probes){.initialised = false};
}

enum probe_outcome probes_count(struct probes *probes, const struct probe_job *job,
                                struct probe_page *page)
{
    const struct method *method = &methods[job->kind];
    struct probe_launch launch = {.library = -1};
    const char *variables[4] = {NULL};
    char reason[METRIC_REASON_BYTES];
    enum probe_outcome outcome = PROBE_DENIED;
    if (method->run != NULL) {
        outcome = method->run(job, page);
    } else if (method->prepare(probes, job, &launch, variables, reason)) {
        outcome = probe_process_run(job, &launch, page);
    } else {
        memset(page, 0, sizeof *page);
        snprintf(page->reason, sizeof page->reason, "%s", reason);
    }
    if (outcome == PROBE_INTERRUPTED) {
        snprintf(page->reason, sizeof page->reason, "the run was interrupted");
    }
    if (outcome != PROBE_COUNTED) {
        page->metrics.count = 0;
        probes_deny(job->kind, &page->metrics, page->reason);
    }
    return outcome;
}

/* The first object is the program itself. */
static int has_interpreter(struct dl_phdr_info *info, size_t size, void *context)
{
    bool *has = context;
    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        *has = *has || info->dlpi_phdr[i].p_type == PT_INTERP;
    }
    return 1;
}

/* Whether this file is the program that runs, and not the dynamic linker to which it was named. */
static bool is_this_program(int fd)
{
    struct executable_facts facts;
    bool dynamic = false;
    dl_iterate_phdr(has_interpreter, &dynamic);
    return !dynamic || !executable_read(fd, &facts) || facts.dynamic;
}

/* The executable that runs, whatever became of its path. */
static bool open_program(struct probes *probes, char reason[METRIC_REASON_BYTES])
{
    if (probes->program < 0) {
        probes->program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    }
    if (probes->program < 0) {
        SAY(reason, "the program cannot be started again: /proc/self/exe: %s", strerror(errno));
    } else if (!is_this_program(probes->program)) {
        SAY(reason, "the program was started by naming the dynamic linker: start it by its path");
        return false;
    }
    return probes->program >= 0;
}

/* Whether it may run at all. */
static bool may_run(struct probes *probes, double needed_s, double share_s,
                    char reason[METRIC_REASON_BYTES])
{
    if (probes->options->in_process) {
        SAY(reason, "--in-process was given, and counting takes a process of its own");
        return false;
    }
    if (share_s > 0 && needed_s > share_s * BUDGET_SHARE) {
        SAY(reason, "--time-budget leaves no time for it");
        return false;
    }
    return open_program(probes, reason);
}

static void note_unchecked(struct probes *probes, const char *reason)
{
    if (probes->unchecked++ == 0) {
        SAY(probes->unchecked_reason, "%.*s", METRIC_REASON_BYTES - 1, reason);
    }
}

static struct probe_job make_job(const struct probes *probes, const struct plan_case *c,
                                 enum probe_kind kind, uint64_t iterations, double limit_s)
{
    return (struct probe_job){.program = probes->program,
                              .id = c->id,
                              .kind = kind,
                              .cpu = probes->options->pin_cpu,
                              .iterations = iterations,
                              .asked_threads =
                                  probes->options->threads.count > 0 ? c->bench_case.threads : 0,
                              .limit_s = limit_s};
}

static void note_uncounted(struct probes *probes, const struct probe_page *page)
{
    const struct metric *counted = metric_find(&page->metrics, "valgrind", CALLGRIND_METRIC);
    if (!metric_is_known(counted) && probes->uncounted++ == 0) {
        SAY(probes->uncounted_reason, "%.*s", METRIC_REASON_BYTES - 1,
            counted == NULL ? page->reason : counted->reason);
    }
}

/* What a probe says of the record besides metrics. */
static void apply(struct probes *probes, const struct probe_job *job, enum probe_outcome outcome,
                  const struct probe_page *page, struct record *record)
{
    if (job->kind == PROBE_INSTRUCTIONS && outcome != PROBE_INTERRUPTED) {
        note_uncounted(probes, page);
    }
    if (job->kind != PROBE_ALLOCATIONS || !record->expects_no_alloc) {
        return;
    }
    if (outcome == PROBE_COUNTED && page->promised == PROBE_PROMISE_BROKEN) {
        record_end(record, RECORD_FAILED, page->reason);
    } else if (outcome == PROBE_COUNTED && page->promised == PROBE_PROMISE_NONE) {
        note_unchecked(probes, "it was not called in the probe");
    } else if (outcome == PROBE_DENIED ||
               (outcome == PROBE_COUNTED && page->promised == PROBE_PROMISE_MADE)) {
        note_unchecked(probes, page->reason);
    }
}

/* One kind of one benchmark; its metrics are in probes->page->metrics. */
static enum probe_outcome run_one(struct probes *probes, const struct method *method,
                                  const struct plan_case *c, double iteration_ns, double share_s,
                                  double limit_s, struct record *record)
{
    char reason[METRIC_REASON_BYTES];
    uint64_t iterations;
    double needed_s = method->plan(iteration_ns, &iterations);
    enum probe_outcome outcome = PROBE_DENIED;
    struct probe_page *page = probes->page;
    struct probe_job job = {.kind = method->kind};
    if (may_run(probes, needed_s, share_s, reason)) {
        job = make_job(probes, c, method->kind, iterations, limit_s);
        outcome = probes_count(probes, &job, page);
    } else {
        memset(page, 0, sizeof *page);
        snprintf(page->reason, sizeof page->reason, "%s", reason);
        probes_deny(method->kind, &page->metrics, reason);
    }
    apply(probes, &job, outcome, page, record);
    return outcome;
}

static void leave_out(struct probes *probes, const struct method *method, const char *why,
                      struct record *record)
{
    if (why == NULL) {
        return;
    }
    probes_deny(method->kind, &record->metrics, why);
    if (method->kind == PROBE_ALLOCATIONS && record->expects_no_alloc) {
        note_unchecked(probes, why);
    }
}

static void make_page(struct probes *probes)
{
    if (probes->page == NULL) {
        probes->page = memory_zeroed(1, sizeof *probes->page);
    }
}

bool probes_run(struct probes *probes, const struct plan_case *c, double iteration_ns,
                double share_s, double limit_s, struct record *record)
{
    uint64_t begun_ns = clock_monotonic_ns();
    bool interrupted = false;
    make_page(probes);
    for (size_t i = 0; i < METHODS; i++) {
        const char *why_not = NULL;
        if (!methods[i].is_wanted(probes->options, &why_not) || interrupted) {
            leave_out(probes, &methods[i], interrupted ? "the run was interrupted" : why_not,
                      record);
            continue;
        }
        enum probe_outcome outcome =
            run_one(probes, &methods[i], c, iteration_ns, share_s, limit_s, record);
        metric_append(&record->metrics, &probes->page->metrics);
        interrupted = outcome == PROBE_INTERRUPTED;
    }
    probes->spent_s += (double)(clock_monotonic_ns() - begun_ns) / 1e9;
    probes->benchmarks++;
    return !interrupted;
}

bool probes_check_promise(struct probes *probes, const struct plan_case *c, double limit_s,
                          struct record *record)
{
    const char *why_not = NULL;
    const struct method *method = &methods[PROBE_ALLOCATIONS];
    if (!record->expects_no_alloc) {
        return true;
    }
    make_page(probes);
    if (!method->is_wanted(probes->options, &why_not)) {
        note_unchecked(probes, why_not);
        return true;
    }
    return run_one(probes, method, c, 0, 0, limit_s, record) != PROBE_INTERRUPTED;
}

bool probes_describe_unchecked(const struct probes *probes, char *text, size_t size)
{
    if (probes->unchecked == 0) {
        return false;
    }
    snprintf(text, size, "assay_expect_no_alloc was not checked in %zu benchmark%s: %s",
             probes->unchecked, probes->unchecked == 1 ? "" : "s", probes->unchecked_reason);
    return true;
}

bool probes_describe_uncounted(const struct probes *probes, char *text, size_t size)
{
    if (probes->uncounted == 0) {
        return false;
    }
    snprintf(text, size, "instructions were not counted in %zu benchmark%s: %s", probes->uncounted,
             probes->uncounted == 1 ? "" : "s", probes->uncounted_reason);
    return true;
}
