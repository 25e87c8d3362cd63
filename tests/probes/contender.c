/* A suite for comparisons: what it is and has is read from a file beside it, <executable>.plan, so
 * that copies of this one program differ as two builds of a suite may. A line each, with tabs
 * between the words:
 *
 *     compiler TEXT, flags TEXT, variant TEXT    what the build says of itself
 *     KIND NAME [THREADS]                        a benchmark (kinds[], below)
 *
 * Workers find it by the variables CONTENDER_OLD and CONTENDER_NEW, paths of the executables.
 *
 * A kind ACT_in_PLACE does what its name says in the setup, after a thousand iterations of the
 * loop, or when the loop is over. Those that hang write the number of their process to
 * <executable>.pid first. */
#include <assay.h>

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define UNITS     100
#define SOME_WAY  1000
#define PATH_SIZE 4200

/* In a register, as how fast a value comes back from memory depends on the CPU's guesses; ten steps
 * a round, as a predictor may know when a loop of ten rounds ends and not when one of a hundred
 * does. */
static void work(uint64_t *x, int units)
{
    uint64_t value = *x;
    for (int i = 0; i < units; i += 10) {
#pragma GCC unroll 10
        for (int k = 0; k < 10; k++) {
            value = value * 3 + 1;
            __asm__ volatile("" : "+r"(value));
        }
    }
    *x = value;
    assay_touch(x);
}

static void empty(assay_bench *b)
{
    ASSAY_LOOP(b) {
    }
}

/* A worker may be a copy of the executable that has no path: its environment tells. */
static const char *place;

static void find_place(int argc, char **argv)
{
    static char path[PATH_SIZE];
    if (argc == 3 && strstr(argv[2], ":old") != NULL) {
        place = getenv("CONTENDER_OLD");
    } else if (argc == 3 && strstr(argv[2], ":new") != NULL) {
        place = getenv("CONTENDER_NEW");
    }
    if (place == NULL && readlink("/proc/self/exe", path, sizeof path - 1) > 0) {
        place = path;
    }
}

static FILE *open_beside(const char *ending, const char *mode)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s%s", place == NULL ? "" : place, ending);
    return fopen(path, mode);
}

static void write_pid(void)
{
    FILE *file = open_beside(".pid", "we");
    if (file != NULL) {
        fprintf(file, "%ld\n", (long)getpid());
        fclose(file);
    }
}

static void sleep_ms(long ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&left, NULL);
}

/* ---- Work of some length --------------------------------------------------------------------- */

#define WORK(name, units)                                                                          \
    static void name(assay_bench *b)                                                               \
    {                                                                                              \
        uint64_t x = 1;                                                                            \
        ASSAY_LOOP(b) {                                                                            \
            work(&x, (units));                                                                     \
        }                                                                                          \
    }

WORK(plain, UNITS)
WORK(slower, UNITS * 110 / 100)
WORK(faster, UNITS * 90 / 100)
WORK(long_call, 10000000)

#define ALLOCATES(name, blocks)                                                                    \
    static void name(assay_bench *b)                                                               \
    {                                                                                              \
        uint64_t x = 1;                                                                            \
        ASSAY_LOOP(b) {                                                                            \
            for (int i = 0; i < (blocks); i++) {                                                   \
                void *block = malloc(100);                                                         \
                assay_touch(block);                                                                \
                free(block);                                                                       \
            }                                                                                      \
            work(&x, UNITS * 10);                                                                  \
        }                                                                                          \
    }

ALLOCATES(thrifty, 3)
ALLOCATES(wasteful, 4)

/* Of each hundred latencies, ten are `tail` ns and the others 100 ns. */
#define RECORDS_LATENCIES(name, tail)                                                              \
    static void name(assay_bench *b)                                                               \
    {                                                                                              \
        uint64_t x = 1;                                                                            \
        uint64_t i = 0;                                                                            \
        ASSAY_LOOP(b) {                                                                            \
            work(&x, UNITS);                                                                       \
            assay_latency(b, i++ % 10 == 0 ? (tail) : 100);                                        \
        }                                                                                          \
    }

RECORDS_LATENCIES(short_tail, 1000)
RECORDS_LATENCIES(long_tail, 1500)

/* A page is new to the process in each iteration. */
#define TOUCHES(name, pages)                                                                       \
    static void name(assay_bench *b)                                                               \
    {                                                                                              \
        size_t page = (size_t)sysconf(_SC_PAGESIZE);                                               \
        ASSAY_LOOP(b) {                                                                            \
            char *memory = mmap(NULL, (pages)*page, PROT_READ | PROT_WRITE,                        \
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);                               \
            for (size_t i = 0; memory != MAP_FAILED && i < (pages); i++) {                         \
                memory[i * page] = 1;                                                              \
            }                                                                                      \
            munmap(memory, (pages)*page);                                                          \
        }                                                                                          \
    }

TOUCHES(two_pages, 2)
TOUCHES(three_pages, 3)

static void long_sleep(assay_bench *b)
{
    ASSAY_LOOP(b) {
        sleep_ms(1000);
    }
}

/* Hardly any of an iteration is measured. */
static void costly_setup(assay_bench *b)
{
    uint64_t x = 1;
    ASSAY_LOOP_WITH(b, sleep_ms(2)) {
        work(&x, UNITS);
    }
}

static void pauses(assay_bench *b)
{
    uint64_t x = 1;
    ASSAY_LOOP(b) {
        work(&x, UNITS);
        assay_pause(b);
        work(&x, UNITS);
        assay_resume(b);
    }
}

static void records_little(assay_bench *b)
{
    ASSAY_LOOP(b) {
        sleep_ms(1);
        assay_record_ns(b, 1);
    }
}

static void records_too_much(assay_bench *b)
{
    ASSAY_LOOP(b) {
        assay_record_ns(b, 1e308);
    }
}

/* ---- What the process was given ----------------------------------------------------------------
 */

static void needs_two_cpus(assay_bench *b)
{
    cpu_set_t allowed;
    uint64_t x = 1;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) {
        assay_fail(b, "less than two CPUs");
    }
    ASSAY_LOOP(b) {
        work(&x, UNITS);
    }
}

/* Standard files, the page, its own program, and the folder that is read to count them. */
static void counts_files(assay_bench *b)
{
    char why[64];
    uint64_t x = 1;
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    for (const struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;) {
        count += e->d_name[0] != '.';
    }
    if (folder != NULL) {
        closedir(folder);
    }
    if (count > 6) {
        snprintf(why, sizeof why, "%d open files", count);
        assay_fail(b, why);
    }
    ASSAY_LOOP(b) {
        work(&x, UNITS);
    }
}

static void checks_signals(assay_bench *b)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE};
    sigset_t blocked;
    uint64_t x = 1;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction action;
        if (sigismember(&blocked, numbers[i]) == 1 || sigaction(numbers[i], NULL, &action) != 0 ||
            action.sa_handler != SIG_DFL) {
            assay_fail(b, strsignal(numbers[i]));
        }
    }
    ASSAY_LOOP(b) {
        work(&x, UNITS);
    }
}

/* ---- Ends that are none ------------------------------------------------------------------------
 */

static void act_segv(assay_bench *b)
{
    (void)b;
    signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would end it in another way */
    raise(SIGSEGV);
}

static void act_abort(assay_bench *b)
{
    (void)b;
    abort();
}

static void act_exit(assay_bench *b)
{
    (void)b;
    exit(3);
}

static void act_quit(assay_bench *b)
{
    (void)b;
    _exit(0);
}

static void act_fail(assay_bench *b)
{
    assay_fail(b, "the answer is wrong");
}

static void act_skip(assay_bench *b)
{
    assay_skip(b, "no such device");
}

static void act_hang(assay_bench *b)
{
    (void)b;
    write_pid();
    for (;;) {
        sleep_ms(1000);
    }
}

static void act_stop(assay_bench *b)
{
    (void)b;
    raise(SIGSTOP);
}

/* Two seconds and a half, which is not for ever. */
static void act_linger(assay_bench *b)
{
    (void)b;
    sleep_ms(2500);
}

/* A process of its own that would outlive it. */
static void act_leave(assay_bench *b)
{
    (void)b;
    if (fork() == 0) {
        write_pid();
        sleep(60);
        _exit(0);
    }
}

#define ACT(act)                                                                                   \
    static void act##_in_setup(assay_bench *b)                                                     \
    {                                                                                              \
        uint64_t x = 1;                                                                            \
        act_##act(b);                                                                              \
        ASSAY_LOOP(b) {                                                                            \
            work(&x, UNITS);                                                                       \
        }                                                                                          \
    }                                                                                              \
    static void act##_in_loop(assay_bench *b)                                                      \
    {                                                                                              \
        uint64_t x = 1;                                                                            \
        int calls = 0;                                                                             \
        ASSAY_LOOP(b) {                                                                            \
            work(&x, UNITS);                                                                       \
            if (++calls == SOME_WAY) {                                                             \
                act_##act(b);                                                                      \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static void act##_in_teardown(assay_bench *b)                                                  \
    {                                                                                              \
        uint64_t x = 1;                                                                            \
        ASSAY_LOOP(b) {                                                                            \
            work(&x, UNITS);                                                                       \
        }                                                                                          \
        act_##act(b);                                                                              \
    }

ACT(segv)
ACT(abort)
ACT(exit)
ACT(quit)
ACT(fail)
ACT(skip)
ACT(hang)
ACT(stop)
ACT(linger)
ACT(leave)

/* ---- The list ----------------------------------------------------------------------------------
 */

#define KIND(name_)                                                                                \
    {                                                                                              \
        .name = #name_, .run = name_                                                               \
    }
#define KINDS(act) KIND(act##_in_setup), KIND(act##_in_loop), KIND(act##_in_teardown)

static const struct {
    const char *name;
    void (*run)(assay_bench *b);
} kinds[] = {
    KIND(short_tail),     KIND(long_tail),      KIND(two_pages),
    KIND(three_pages),    KIND(thrifty),        KIND(wasteful),
    KIND(plain),          KIND(slower),         KIND(faster),
    KIND(long_call),      KIND(long_sleep),     KIND(costly_setup),
    KIND(pauses),         KIND(records_little), KIND(records_too_much),
    KIND(needs_two_cpus), KIND(counts_files),   KIND(checks_signals),
    KINDS(segv),          KINDS(abort),         KINDS(exit),
    KINDS(quit),          KINDS(fail),          KINDS(skip),
    KINDS(hang),          KINDS(stop),          KINDS(linger),
    KINDS(leave),         {"nothing", empty},
};

static struct assay_suite suite = {.abi = ASSAY_ABI,
                                   .name = "contender",
                                   .null_run = empty,
                                   .compiler = ASSAY__COMPILER,
                                   .flags = ASSAY__FLAGS,
                                   .variant = ASSAY__VARIANT,
                                   .optimised = ASSAY__OPTIMISED};

static void add_benchmark(const char *kind, const char *name, const char *threads)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct assay_entry *entry = calloc(1, sizeof *entry);
        if (entry == NULL || strcmp(kinds[i].name, kind) != 0) {
            free(entry);
            continue;
        }
        *entry = (struct assay_entry){.abi = ASSAY_ABI,
                                      .suite = &suite,
                                      .ident = kinds[i].name,
                                      .fields_text = "",
                                      .run = kinds[i].run,
                                      .file = __FILE__,
                                      .line = __LINE__,
                                      .name = strdup(name)};
        entry->threads[0] = threads == NULL ? 0 : (int)strtol(threads, NULL, 10);
        assay_register(entry);
        return;
    }
    fprintf(stderr, "contender: there is no kind \"%s\"\n", kind);
    exit(99);
}

static void read_line(char *line)
{
    char *rest = line;
    const char *word = strsep(&rest, "\t\n");
    const char *text = strsep(&rest, "\t\n");
    const char *more = strsep(&rest, "\t\n");
    if (word == NULL || text == NULL) {
        return;
    }
    if (strcmp(word, "compiler") == 0) {
        suite.compiler = strdup(text);
    } else if (strcmp(word, "flags") == 0) {
        suite.flags = strdup(text);
    } else if (strcmp(word, "variant") == 0) {
        suite.variant = strdup(text);
    } else {
        add_benchmark(word, text, more == NULL || more[0] == '\0' ? NULL : more);
    }
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t size = 0;
    find_place(argc, argv);
    FILE *file = open_beside(".plan", "re");
    while (file != NULL && getline(&line, &size, file) > 0) {
        read_line(line);
    }
    free(line);
    if (file != NULL) {
        fclose(file);
    }
    return assay_main(argc, argv);
}
