/*
 * assay.h - statistics-driven microbenchmarks for C.
 *
 * A benchmark is a function body. What stands before ASSAY_LOOP is setup, what stands after it is
 * teardown; neither is timed, and each runs once. The loop body is the kernel; warm-up and every
 * sample run in it, a lap of many iterations at a time, between two clock reads.
 *
 *     #include <assay.h>
 *     #include <string.h>
 *
 *     ASSAY_SUITE("text");
 *
 *     ASSAY_BENCH(length, .arg_name = "bytes", .args = {0, 16, 4096})
 *     {
 *         char text[4097];
 *         memset(text, 'x', sizeof text);
 *         text[assay_arg(b)] = '\0';
 *         assay_bytes(b, (uint64_t)assay_arg(b));
 *         ASSAY_LOOP(b) {
 *             assay_touch(text);
 *             assay_keep(strlen(text));
 *         }
 *     }
 *
 * Compile with optimisation and link with -lassay (pkg-config: assay). The program has a command
 * line (--help), prints a line a benchmark, and writes results/<time>-<commit>/text.json.
 *
 * Every benchmark runs in a process of its own: a crash, a leak or a never-ending loop of one does
 * not reach the others. Units: times are nanoseconds, sizes are bytes, unless a name says
 * otherwise.
 *
 * C11 and C++ (C++20, or GNU C++ for designated initialisers, in the order of the fields below);
 * gcc or clang. Names that begin with assay__ or ASSAY__ are not part of the interface.
 */
#ifndef ASSAY_H
#define ASSAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header and of the library; `program --version` prints the library's. */
#define ASSAY_VERSION "0.1.0"
/* Changes when struct assay_entry or struct assay_suite does. A program that was compiled against
 * another number is refused at start with a sentence. */
#define ASSAY_ABI 2

#if defined(__GNUC__)
#define ASSAY_API __attribute__((visibility("default")))
#else
#error "assay.h needs gcc or clang: the optimisation barriers are inline assembly"
#endif

/* ---- Registering ---------------------------------------------------------------------------- */

/* How many values an axis (.args, .arg_names, .args2, .arg2_names, .threads) may hold. */
#define ASSAY_AXIS_MAX 32

/* What a benchmark's body is given. Opaque; valid while the body runs; each thread of a
 * multi-threaded benchmark has its own and must not use another's. */
struct assay_bench;
typedef struct assay_bench assay_bench;

/* How iterations are spread over samples.
 * AUTO    LINEAR, or FLAT when LINEAR would take more than twice the measurement time.
 * LINEAR  samples of d, 2d, 3d ... iterations in random order: a straight line through them
 *         separates the cost of an iteration from the cost of a lap.
 * FLAT    every sample has the same number of iterations: for slow kernels. */
enum assay_sampling { ASSAY_AUTO = 0, ASSAY_LINEAR, ASSAY_FLAT };

/* How many iterations an ASSAY_LOOP_WITH setup prepares for at a time, of a lap of n.
 * FIXED   .batch of them.
 * SMALL   n / 10: inputs that are cheap to hold.
 * LARGE   n / 1000: inputs of which only a few fit into memory or cache.
 * EACH    one.
 * COUNT   n / .batch: a lap has .batch batches.
 * All but EACH are held to what memory allows: see .input_bytes. With SMALL, LARGE and COUNT the
 * samples are flat unless asked otherwise, so that each has batches of the same size. */
enum assay_batching {
    ASSAY_BATCH_FIXED = 0,
    ASSAY_BATCH_SMALL,
    ASSAY_BATCH_LARGE,
    ASSAY_BATCH_EACH,
    ASSAY_BATCH_COUNT
};

/* What ASSAY_SUITE says of a source file. Filled in by the macro only. */
struct assay_suite {
    unsigned abi;                     /* ASSAY_ABI */
    const char *name;                 /* the first part of every id */
    void (*null_run)(assay_bench *b); /* the empty loop, compiled as the benchmarks are */
    const char *compiler;             /* "gcc 12.2.0", "clang 14.0.6" */
    const char *flags;                /* ASSAY_BUILD_FLAGS when defined, else NULL */
    const char *variant;              /* ASSAY_BUILD_VARIANT when defined, else NULL */
    bool optimised;                   /* compiled with -O1 or more */
};

#ifdef __cplusplus
#define ASSAY__ZERO                                                                                \
    {                                                                                              \
    } /* silences g++'s warning on fields that were left out */
#else
#define ASSAY__ZERO
#endif

/* One registered benchmark. The first block is the macro's; the second is yours to set in
 * ASSAY_BENCH by name, in this order where C++ asks for it. Every field may be left out. */
struct assay_entry {
    struct assay_entry *next;
    unsigned abi;
    const struct assay_suite *suite;
    const char *ident; /* first argument of ASSAY_BENCH */
    const char
        *fields_text; /* the fields as written, after macro expansion: tells {1, 0} from {1} */
    void (*run)(assay_bench *b);
    const char *file;
    int line;

    /* Used in the id in place of the C identifier: may contain '/' and '-'. */
    const char *name ASSAY__ZERO;
    /* First axis: the benchmark runs once a value. Integers in .args or words in .arg_names, not
     * both. The value is the next part of the id; .arg_name names the axis in results and plots.
     * Write the integers out, or through a macro: `.args = {0, 10}`; they are counted in the source
     * text. */
    const char *arg_name ASSAY__ZERO;
    int64_t args[ASSAY_AXIS_MAX] ASSAY__ZERO;
    const char *arg_names[ASSAY_AXIS_MAX] ASSAY__ZERO;
    /* Second axis, crossed with the first. */
    const char *arg2_name ASSAY__ZERO;
    int64_t args2[ASSAY_AXIS_MAX] ASSAY__ZERO;
    const char *arg2_names[ASSAY_AXIS_MAX] ASSAY__ZERO;
    /* Numbers of threads to run the body on, each > 0: adds "threads:N" to the id. Every thread
     * runs the whole body, setup included, and all start each lap at once. The first to do its
     * iterations ends the lap for the others too, which stop within a 64th of it: no thread runs on
     * alone, and each has done its own number of iterations. The time of an iteration is that of
     * one thread while all run (all together do `threads` in it); results also hold what each
     * thread did, how evenly (fairness), and what more threads bring (speed-up, efficiency). More
     * threads than CPUs take turns; results say so. Default: one, not in the id.
     *
     * Threads that wait for each other need .lockstep. */
    int threads[ASSAY_AXIS_MAX] ASSAY__ZERO;
    /* true: every thread runs exactly the same number of iterations of each lap, which lasts as
     * long as the slowest. For threads that hand work to each other: one that stopped earlier would
     * leave the other waiting for ever (see assay_thread_index). */
    bool lockstep ASSAY__ZERO;
    /* Fit how the time grows with the first axis, which must hold integers, at least three
     * different ones above 0 for a figure: c, c log2 n, c n, c n log2 n, c n^2 and c n^3, by least
     * squares of the relative residuals. The best and the next are printed at the end of the run
     * with how far off they are (RMS), all are in the result file; a fit for each value of the
     * second axis and number of threads. */
    bool complexity ASSAY__ZERO;
    /* Samples to take (>= 10), up to four times as many until they are precise; 0: --sample-size.
     * An explicit command-line option wins. */
    unsigned sample_size ASSAY__ZERO;
    /* Seconds to measure for at most; 0: --measurement-time. An explicit option wins. */
    double measurement_time ASSAY__ZERO;
    /* Seconds to warm up for; 0: --warm-up-time. An explicit option wins. */
    double warm_up_time ASSAY__ZERO;
    /* How to sample; ASSAY_AUTO: --sampling-mode. An explicit option wins. With .cold every sample
     * is one iteration, whatever either says. */
    enum assay_sampling sampling ASSAY__ZERO;
    /* With ASSAY_BATCH_FIXED: iterations an ASSAY_LOOP_WITH setup prepares; with ASSAY_BATCH_COUNT:
     * batches a lap; 0: 1. */
    unsigned batch ASSAY__ZERO;
    /* How large batches are. */
    enum assay_batching batching ASSAY__ZERO;
    /* Memory of the input of one iteration, with all that hangs on it. 0: not known; then the
     * policies SMALL, LARGE and COUNT prepare for 1,024 iterations at the most. */
    size_t input_bytes ASSAY__ZERO;
    /* Memory that the inputs of one batch may take, on all threads together; 0: 1 MiB, about what a
     * core's second-level cache holds, so that the kernel does not find its inputs farther away
     * only because there are many. Needs .input_bytes. A batch is never less than one. */
    size_t batch_bytes_max ASSAY__ZERO;
    /* Every iteration starts with cold caches: see assay_evict. Each is a sample of its own, with a
     * pair of clock reads in its time; up to twenty times --sample-size of them are taken while
     * they are not precise. One thread only. */
    bool cold ASSAY__ZERO;
    /* Unit to print times in: "ns", "us", "ms" or "s"; NULL: what suits the figure. Files always
     * hold nanoseconds. */
    const char *unit ASSAY__ZERO;
    /* Words separated by spaces; --tag WORD selects, and results repeat them. NULL: none. */
    const char *tags ASSAY__ZERO;
    /* Called before the body, in the benchmark's process: a sentence why it cannot run here
     * (static or allocated text), or NULL to run. NULL field: always runs. */
    const char *(*skip_if)(void)ASSAY__ZERO;

    int assay__end ASSAY__ZERO; /* not yours: lets ASSAY_BENCH be used without a field */
};

/* Links an entry into the list; called by constructors before main. Not thread-safe; needs no
 * memory. */
ASSAY_API void assay_register(struct assay_entry *entry);

/* Runs the command line on every registered benchmark and returns the exit status:
 * 0 fine, 1 a regression, 2 usage, 3 a benchmark failed, 4 environment (missing baseline, foreign
 * host, disk), 5 inconclusive where a verdict was demanded, 130 interrupted.
 * ASSAY_SUITE defines a main that calls it.
 * Call it once, from the main thread. argv must outlive the call. */
ASSAY_API int assay_main(int argc, char **argv);

#if defined(__clang__)
#define ASSAY__COMPILER "clang " __clang_version__
#else
#define ASSAY__COMPILER "gcc " __VERSION__
#endif
#ifdef ASSAY_BUILD_FLAGS
#define ASSAY__FLAGS ASSAY_BUILD_FLAGS
#else
#define ASSAY__FLAGS NULL
#endif
#ifdef ASSAY_BUILD_VARIANT
#define ASSAY__VARIANT ASSAY_BUILD_VARIANT
#else
#define ASSAY__VARIANT NULL
#endif
#ifdef __OPTIMIZE__
#define ASSAY__OPTIMISED true
#else
#define ASSAY__OPTIMISED false
#endif
#if defined(__cplusplus) || defined(ASSAY_OWN_MAIN)
#define ASSAY__MAIN
#else
#define ASSAY__MAIN                                                                                \
    __attribute__((weak)) int main(int argc, char **argv)                                          \
    {                                                                                              \
        return assay_main(argc, argv);                                                             \
    }
#endif

/* ASSAY_SUITE("name"); once in each source file that has benchmarks, before the first of them. The
 * name (letters, digits, '_', '-', '.') starts every id and names the result file; several files of
 * one program may share it.
 *
 * In C it defines a weak main that calls assay_main; define ASSAY_OWN_MAIN before including this
 * header in a file that has a main of its own (one in another file replaces the weak one by
 * itself). In C++ write `int main(int argc, char **argv) { return assay_main(argc, argv); }` in one
 * file. */
#define ASSAY_SUITE(suite_name)                                                                    \
    static void assay__null_run(assay_bench *b)                                                    \
    {                                                                                              \
        ASSAY_LOOP(b) {                                                                            \
        }                                                                                          \
    }                                                                                              \
    ASSAY__MAIN                                                                                    \
    static const struct assay_suite assay__suite = {                                               \
        ASSAY_ABI,    suite_name,     assay__null_run, ASSAY__COMPILER,                            \
        ASSAY__FLAGS, ASSAY__VARIANT, ASSAY__OPTIMISED}

/* ASSAY_BENCH(identifier, .field = value, ...) { body }: registers a benchmark of the file's suite.
 * The identifier is a C name, unique in the file; `b` is the body's only parameter. A body has
 * exactly one ASSAY_LOOP or ASSAY_LOOP_WITH, and reaches it unless it fails or skips. */
#define ASSAY_BENCH(...) ASSAY__BENCH(__VA_ARGS__, .assay__end = 0)
#define ASSAY__BENCH(ident_, ...)                                                                  \
    static void assay__run_##ident_(assay_bench *b);                                               \
    static struct assay_entry assay__entry_##ident_ = {.next = NULL,                               \
                                                       .abi = ASSAY_ABI,                           \
                                                       .suite = &assay__suite,                     \
                                                       .ident = #ident_,                           \
                                                       .fields_text = ASSAY__TEXT(__VA_ARGS__),    \
                                                       .run = assay__run_##ident_,                 \
                                                       .file = __FILE__,                           \
                                                       .line = __LINE__,                           \
                                                       __VA_ARGS__};                               \
    __attribute__((constructor)) static void assay__register_##ident_(void)                        \
    {                                                                                              \
        assay_register(&assay__entry_##ident_);                                                    \
    }                                                                                              \
    static void assay__run_##ident_(assay_bench *b)
#define ASSAY__TEXT(...) #__VA_ARGS__

/* ---- The loop ------------------------------------------------------------------------------- */

/* ASSAY_LOOP(b) { kernel }: runs the kernel as often as measuring needs. An iteration costs one
 * decrement and one branch besides the kernel; `continue` ends an iteration. Leaving with `break`,
 * `return` or `goto` fails the benchmark, as the lap would be counted wrong. After assay_fail or
 * assay_skip the loop runs no iteration. */
#define ASSAY_LOOP(b_)                                                                             \
    for (uint64_t assay__left = assay__lap((b_), ASSAY__FIRST); assay__left != 0;                  \
         assay__left = assay__lap((b_), assay__left))                                              \
        for (; assay__more(&assay__left); --assay__left)
#define ASSAY__FIRST UINT64_MAX /* no lap runs yet */

/* ASSAY_LOOP_WITH(b, setup) { kernel }: as ASSAY_LOOP, and evaluates the expression `setup`,
 * untimed, before every batch (.batching; one iteration unless set). Setup must prepare
 * assay_batch(b) inputs; the kernel consumes one an iteration. What the kernel leaves of a batch is
 * released, untimed, at the beginning of the next setup, and after the loop for the last one:
 *
 *     struct text *texts = calloc(assay_batch_max(b), sizeof *texts);
 *     size_t next = 0;
 *     ASSAY_LOOP_WITH(b, next = refill(texts, assay_batch(b))) {
 *         parse(&texts[next++]);
 *     }
 *     refill(texts, 0);
 *     free(texts);
 *
 * where refill() releases the texts of the last batch, prepares so many and returns 0.
 *
 * Each batch pays one pair of clock reads, which is part of its time and is never subtracted;
 * results show the pair's measured cost and its share, and warn above 10 %: give cheap kernels a
 * larger batch. */
#define ASSAY_LOOP_WITH(b_, setup_)                                                                \
    for (uint64_t assay__left = assay__batch_next((b_), ASSAY__FIRST);                             \
         assay__left != 0 && ((void)(setup_), assay__batch_start(b_));                             \
         assay__left = assay__batch_next((b_), assay__left))                                       \
        for (; assay__more(&assay__left); --assay__left)

/* Iterations in the batch that setup must prepare for, inside ASSAY_LOOP_WITH; 0 elsewhere. */
ASSAY_API uint64_t assay_batch(const assay_bench *b);

/* Iterations that a batch of this benchmark (and thread) has at the most, from the beginning of the
 * body on, for memory that is to be allocated once; at least 1. */
ASSAY_API uint64_t assay_batch_max(const assay_bench *b);

/* Stops and restarts the clock inside the loop, for work of the kernel that is not to be measured.
 * A pair costs two clock reads, part of which is in the time: prefer setup before the loop or
 * ASSAY_LOOP_WITH. What a pair adds is measured beside the samples and shown with its share of the
 * time; it is never subtracted. A second pause, or a resume while running, fails the benchmark. */
ASSAY_API void assay_pause(assay_bench *b);
ASSAY_API void assay_resume(assay_bench *b);

ASSAY_API uint64_t assay__lap(assay_bench *b, uint64_t left);
ASSAY_API uint64_t assay__batch_next(assay_bench *b, uint64_t left);
ASSAY_API bool assay__batch_start(assay_bench *b);

/* Names memory of the fixture that a benchmark with .cold finds outside the caches: before every
 * iteration, untimed, each cache line of it is written back and dropped (x86-64 clflush, AArch64 DC
 * CIVAC), after the setup of ASSAY_LOOP_WITH. Call it before the loop; up to 32 regions, which must
 * stay allocated while the loop runs. Without a region the caches are swept instead: a buffer of
 * one and a half times the last-level cache is read, of 64 MiB at the most (a larger cache keeps
 * some lines; results say so). Not cold in either case: the kernel's code and stack; with regions,
 * also address translations (TLB), branch history and whatever was not named. NULL or 0 bytes: no
 * effect. Without .cold it has no effect either, so that one body may serve both. */
ASSAY_API void assay_evict(assay_bench *b, const void *memory, size_t bytes);

static inline bool assay__more(uint64_t *left)
{
    __asm__ volatile("" : "+r"(*left));
    return *left != 0;
}

/* ---- Keeping the compiler honest ------------------------------------------------------------ */

/* assay_keep(value): the value must be computed in this iteration, and whatever memory the kernel
 * wrote must be written: the compiler may assume nothing of what happens to either. Any type, by
 * value; for arrays pass the pointer to assay_touch. Costs no instruction for integers, pointers
 * and floating point; a struct is put in memory. The value is evaluated once.
 *
 * A computation whose inputs never change may still be lifted out of the loop. Make an input opaque
 * with assay_touch(&input), or let each iteration depend on the one before. */
/* assay_touch(pointer): the compiler must assume that the object behind the pointer is read and
 * changed here. NULL is allowed. No instruction. */
/* assay_clobber(): all memory that escaped may have changed here: pending writes are made, later
 * reads are made again. No instruction. */
static inline void assay_clobber(void)
{
    __asm__ volatile("" : : : "memory");
}

static inline void assay_touch(const volatile void *pointer)
{
    __asm__ volatile("" : : "r"(pointer) : "memory");
}

#if defined(__x86_64__) || defined(__i386__)
#define ASSAY__FLOAT_REG "x"
#elif defined(__aarch64__) || defined(__arm__)
#define ASSAY__FLOAT_REG "w"
#else
#define ASSAY__FLOAT_REG "f"
#endif

#ifdef __cplusplus
} /* extern "C" */
#include <type_traits>
template <class T> inline void assay_keep(const T &value)
{
    if constexpr (std::is_floating_point<T>::value && sizeof(T) <= 8)
        __asm__ volatile("" : : ASSAY__FLOAT_REG(value) : "memory");
    else if constexpr (std::is_scalar<T>::value && sizeof(T) <= sizeof(void *))
        __asm__ volatile("" : : "r"(value) : "memory");
    else
        __asm__ volatile("" : : "m"(value) : "memory");
}
extern "C" {
#else
/* Registers where the value fits one: a store would add to the kernel. gcc picks by itself; clang
 * takes memory whenever it is offered, so it is told by the type. */
#if defined(__clang__)
#define ASSAY__IS_FLOAT(v_) (__builtin_classify_type(v_) == 8 && sizeof(v_) <= 8)
#define ASSAY__IS_WORD(v_)                                                                         \
    (__builtin_classify_type(v_) >= 1 && __builtin_classify_type(v_) <= 5 &&                       \
     sizeof(v_) <= sizeof(void *))
#define ASSAY__KEEP(v_)                                                                            \
    __builtin_choose_expr(                                                                         \
        ASSAY__IS_FLOAT(v_),                                                                       \
        ASSAY__KEEP_IN(ASSAY__FLOAT_REG, __builtin_choose_expr(ASSAY__IS_FLOAT(v_), v_, 0.0)),     \
        __builtin_choose_expr(                                                                     \
            ASSAY__IS_WORD(v_),                                                                    \
            ASSAY__KEEP_IN("r", __builtin_choose_expr(ASSAY__IS_WORD(v_), v_, 0)),                 \
            ASSAY__KEEP_IN("m", v_)))
#else
#define ASSAY__KEEP(v_) ASSAY__KEEP_IN("r" ASSAY__FLOAT_REG "m", v_)
#endif
#define ASSAY__KEEP_IN(constraint_, v_) ({ __asm__ volatile("" : : constraint_(v_) : "memory"); })
#define assay_keep(value_)                                                                         \
    __extension__({                                                                                \
        __typeof__(value_) assay__kept = (value_);                                                 \
        ASSAY__KEEP(assay__kept);                                                                  \
    })
#endif

/* ---- What the body may ask ------------------------------------------------------------------ */

/* The value of the first axis: the integer, or the index of the word. 0 without an axis. */
ASSAY_API int64_t assay_arg(const assay_bench *b);
/* The word of the first axis, or the integer as text; "" without an axis. Lives as long as b. */
ASSAY_API const char *assay_arg_name(const assay_bench *b);
/* The same for the second axis. */
ASSAY_API int64_t assay_arg2(const assay_bench *b);
ASSAY_API const char *assay_arg2_name(const assay_bench *b);
/* This thread's number, 0 .. assay_threads(b) - 1, and how many run the body. By the number threads
 * take different roles. Data that they share is static, or made by one before the loop: no thread
 * begins its first iteration before all have reached the loop, and unless one failed none leaves it
 * while another is inside. A producer and a consumer:
 *
 *     static struct queue queue;  (bounded; push waits while it is full, pop while it is empty)
 *
 *     ASSAY_BENCH(hand_over, .threads = {2}, .lockstep = true)
 *     {
 *         bool produces = assay_thread_index(b) == 0;
 *         if (produces) {
 *             queue_init(&queue, 1024);
 *         }
 *         ASSAY_LOOP(b) {
 *             if (produces) {
 *                 queue_push(&queue, 1);
 *             } else {
 *                 assay_keep(queue_pop(&queue));
 *             }
 *         }
 *         if (produces) {
 *             queue_free(&queue);
 *         }
 *     }
 */
ASSAY_API unsigned assay_thread_index(const assay_bench *b);
ASSAY_API unsigned assay_threads(const assay_bench *b);

/* ---- What the body may say ------------------------------------------------------------------ */

/* Work done an iteration (and thread), for throughput: bytes, or elements of any kind. Call outside
 * the loop; the last call counts, both kinds may be given. 0 takes the statement back. */
ASSAY_API void assay_bytes(assay_bench *b, uint64_t bytes_per_iteration);
ASSAY_API void assay_elements(assay_bench *b, uint64_t elements_per_iteration);

/* A figure of the benchmark's own ("ratio", 3.8, "x"), shown and stored with its result. Up to 16 a
 * benchmark; the same name again replaces the value; a value that is not finite, a NULL name or a
 * 17th counter fails the benchmark. unit may be NULL. Texts are copied (31 bytes of each). */
ASSAY_API void assay_counter(assay_bench *b, const char *name, double value, const char *unit);

/* The time of this iteration, measured by the body itself. Once used in a lap, the lap's time is
 * the sum of what was recorded, and clock reads of the loop are ignored. Negative or not finite:
 * fails. */
ASSAY_API void assay_record_ns(assay_bench *b, double duration_ns);

/* Adds one latency to the benchmark's histogram (log-linear, relative error below 0.1 %, up to 17.1
 * s; longer ones count in the last bucket and are said). Results show count, p50, p90, p99, p99.9
 * and max; the quantile q of n latencies is the one at rank ceil(q n). The result file holds the
 * histogram, so that those of several runs or machines can be added up without loss. Latencies of
 * the warm-up are left out. Threads record without sharing; histograms are merged. Costs a few
 * nanoseconds, which are in the time of the iteration (`make bench-analysis` shows how many). */
ASSAY_API void assay_latency(assay_bench *b, uint64_t latency_ns);

/* What the loop allocates is counted for every benchmark, without a call: in a process of its own,
 * after the timed run, on the threads of the body (not on threads that it starts, nor in children)
 * and while the clock runs. Calls of malloc and its family and of C++'s new and delete count, with
 * the sizes asked for; what fails counts as nothing; realloc is one allocation of the new size and,
 * when there was a block, one free of it. peak_live_bytes is the most by which allocations were
 * ahead of frees at any time of a lap: what was there before it makes no difference. mmap is not
 * seen. */
/* The loop of this benchmark is not to allocate memory; call it before the loop. It is checked
 * after the timed run, and with --test. If there is an allocation, the benchmark fails and its
 * message says how many an iteration makes. Where they cannot be counted the benchmark does not
 * fail; a warning says that nothing was checked, and why. In or after the loop the call fails the
 * benchmark. */
ASSAY_API void assay_expect_no_alloc(assay_bench *b);

/* The benchmark failed (wrong result, a call that returned an error): it gets no figure, its
 * message is reported, the others go on, and the program exits 3. The first message counts and is
 * copied. The caller goes on to the loop, which runs no iteration, and to its teardown. NULL: "no
 * reason given". */
ASSAY_API void assay_fail(assay_bench *b, const char *why);
/* The benchmark cannot run here: reported as skipped with its reason; does not change the exit
 * status. */
ASSAY_API void assay_skip(assay_bench *b, const char *why);

#ifdef __cplusplus
}
#endif

#endif
