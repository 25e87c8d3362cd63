#include "app/isolate.h"
#include "base/children.h"
#include "base/error.h"
#include "measure/clock.h"
#include "measure/histogram.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCH_EVERY_NS UINT64_C(200000000)

void isolate_init(void)
{
    children_init();
}

int isolate_check_cpu(int64_t cpu, struct error *error)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    bool known = sched_getaffinity(0, sizeof allowed, &allowed) == 0;
    if (cpu >= 0 && known && (cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, &allowed))) {
        return error_set(error, STATUS_ENVIRONMENT, "this process may not run on CPU %lld (--pin)",
                         (long long)cpu);
    }
    return 0;
}

static void *map_shared(size_t bytes, int flags, size_t samples)
{
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "assay: out of memory: no shared memory for %zu samples\n", samples);
        exit(STATUS_ENVIRONMENT);
    }
    return memory;
}

/* The pages of a histogram come into being when latencies are put there: most benchmarks record
 * none. */
struct record *isolate_record(size_t samples, unsigned threads)
{
    struct record *record =
        map_shared(record_bytes_of_threads(samples, threads), MAP_POPULATE, samples);
    record->capacity = samples;
    record->threads = threads;
    record->histogram = map_shared(sizeof *record->histogram, MAP_NORESERVE, samples);
    return record;
}

void isolate_release(struct record *record)
{
    if (record != NULL) {
        munmap(record->histogram, sizeof *record->histogram);
        munmap(record, record_bytes_of_threads(record->capacity, record->threads));
    }
}

static int pin_process(int64_t cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return cpu < 0 ? 0 : sched_setaffinity(0, sizeof set, &set);
}

void isolate_pin_self(int64_t cpu)
{
    (void)pin_process(cpu);
}

static bool pin_to(int64_t cpu, struct record *record)
{
    if (pin_process(cpu) != 0) {
        char why[128];
        snprintf(why, sizeof why, "cannot run on CPU %lld: %s", (long long)cpu, strerror(errno));
        record_end(record, RECORD_FAILED, why);
        return false;
    }
    return true;
}

static void run_here(const struct isolate_job *job, struct record *record)
{
    if (!pin_to(job->pin_cpu, record)) {
        return;
    }
    const char *why = job->skip_if == NULL ? NULL : job->skip_if();
    if (why != NULL) {
        record_end(record, RECORD_SKIPPED, why);
        return;
    }
    bench_run_counting(job->bench, &job->plan, &job->counters, record);
}

/* A process after fork begins with what it shares with its parent; the kernel counts its peak from
 * there. */
static void record_memory(struct record *record)
{
    struct rusage usage;
    struct metric *metric = metric_add(&record->metrics, "process", "peak_rss_bytes", "B");
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        double bytes = 1024.0 * (double)usage.ru_maxrss;
        metric_measure(metric, &bytes, 1);
    } else {
        metric_deny(metric, "getrusage: %s", strerror(errno));
    }
}

static void deny_memory(struct record *record)
{
    metric_deny(metric_add(&record->metrics, "process", "peak_rss_bytes", "B"),
                "--in-process was given: the process is not the benchmark's alone");
}

/* Standard output belongs to the results: what a body prints goes to standard error. Leaving
 * through exit() lets sanitizers and coverage write their reports. */
static _Noreturn void child_main(const struct isolate_job *job, struct record *record, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(STATUS_ENVIRONMENT);
    }
    setpgid(0, 0);
    children_restore_signals();
    dup2(STDERR_FILENO, STDOUT_FILENO); /* STDERR_FILENO is open: assay_main sees to it */
    run_here(job, record);
    record_memory(record);
    exit(0);
}

static void judge_end(int status, struct record *record)
{
    char why[RECORD_REASON_BYTES];
    if (WIFSIGNALED(status)) {
        snprintf(why, sizeof why, "crashed with signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    } else if (WEXITSTATUS(status) != 0) {
        snprintf(why, sizeof why, "its process ended with exit status %d", WEXITSTATUS(status));
    } else if (record->state == RECORD_DONE || record->state == RECORD_FAILED ||
               record->state == RECORD_SKIPPED) {
        return;
    } else {
        snprintf(why, sizeof why, "the body ended its process");
    }
    if (record->state == RECORD_DONE) {
        record->state = RECORD_SAMPLING; /* it did not end well after all */
    }
    record_end(record, RECORD_FAILED, why);
}

static void stop_child(pid_t child)
{
    kill(-child, SIGKILL);
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* Waits for the child's end, its limit, or an interruption; false for the last. */
static bool await_child(const struct isolate_job *job, pid_t child, struct record *record)
{
    uint64_t deadline = clock_monotonic_ns() + (uint64_t)(job->limit_s * 1e9);
    for (;;) {
        int status;
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended == child) {
            kill(-child, SIGKILL); /* whatever it left running */
            judge_end(status, record);
            return true;
        }
        uint64_t now = clock_monotonic_ns();
        if (now >= deadline && record->state == RECORD_PROBING) {
            stop_child(child); /* its samples are all there */
            record->metrics.count = 0;
            counters_deny(job->counters.events, &record->metrics,
                          "--max-time left no time for counting");
            record_end(record, RECORD_DONE, "");
            return true;
        }
        if (now >= deadline) {
            char why[192];
            bool may_wait = job->bench->threads > 1 && !job->bench->lockstep;
            snprintf(why, sizeof why, "did not end within %g s (--max-time)%s", job->limit_s,
                     may_wait && record->loop_reached
                         ? ": threads that wait for each other need .lockstep = true"
                         : "");
            stop_child(child);
            record->state = RECORD_SAMPLING;
            record_end(record, RECORD_FAILED, why);
            return true;
        }
        uint64_t wait_ns = deadline - now;
        if (job->watch != NULL && wait_ns > WATCH_EVERY_NS) {
            wait_ns = WATCH_EVERY_NS;
        }
        if (children_wait(wait_ns) != 0) {
            stop_child(child);
            return false;
        }
        if (job->watch != NULL) {
            job->watch(record, job->watch_context);
        }
    }
}

bool isolate_run(const struct isolate_job *job, struct record *record)
{
    *record = (struct record){
        .capacity = record->capacity, .threads = record->threads, .histogram = record->histogram};
    if (job->in_process) {
        children_let_signals_act();
        run_here(job, record);
        deny_memory(record);
        children_hold_signals();
        return true;
    }
    fflush(stdout);
    fflush(stderr);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) {
        char why[128];
        snprintf(why, sizeof why, "cannot start a process: %s", strerror(errno));
        record_end(record, RECORD_FAILED, why);
        return true;
    }
    if (child == 0) {
        child_main(job, record, parent);
    }
    setpgid(child, child);
    return await_child(job, child, record);
}
