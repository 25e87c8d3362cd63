/* Kernels whose instructions are known to the last one, and bodies that make counting hard. */
#include <assay.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

ASSAY_SUITE("counted");

#define NOPS(count) __asm__ volatile(".rept " #count "\n\tnop\n\t.endr")

#define COPIED 4096

ASSAY_BENCH(nothing)
{
    ASSAY_LOOP(b) {
    }
}

ASSAY_BENCH(nops, .arg_name = "count", .arg_names = {"10", "11"})
{
    if (assay_arg(b) == 0) {
        ASSAY_LOOP(b) {
            NOPS(10);
        }
    } else {
        ASSAY_LOOP(b) {
            NOPS(11);
        }
    }
}

/* A loop of so many rounds, of an add, a decrement and a branch each, behind two instructions. */
ASSAY_BENCH(adds, .arg_name = "rounds", .args = {1, 100, 10000, 1000000, 20000000})
{
    uint64_t rounds = (uint64_t)assay_arg(b);
    uint64_t x = 0;
    ASSAY_LOOP(b) {
#if defined(__x86_64__)
        uint64_t left;
        __asm__ volatile("nop\n\tmov %2, %1\n1:\n\tadd $1, %0\n\tdec %1\n\tjnz 1b"
                         : "+r"(x), "=&r"(left)
                         : "r"(rounds)
                         : "cc");
#else
        for (uint64_t left = rounds; left > 0; left--) {
            assay_touch(&x);
        }
#endif
    }
    assay_keep(x);
}

ASSAY_BENCH(copy_heap)
{
    char *from = malloc(COPIED);
    char *to = malloc(COPIED);
    memset(from, 'x', COPIED);
    ASSAY_LOOP(b) {
        memcpy(to, from, COPIED);
        assay_touch(to);
    }
    free(from);
    free(to);
}

/* What a copy costs depends on where on a page both lie. */
ASSAY_BENCH(copy_stack)
{
    char from[COPIED + 5];
    char to[COPIED + 5];
    memset(from, 'x', sizeof from);
    ASSAY_LOOP(b) {
        assay_touch(from);
        memcpy(to, from, sizeof from - (size_t)(from[7] == 'y'));
        assay_touch(to);
    }
}

/* A round for each 16 bytes from the start of a page to its frame. */
ASSAY_BENCH(place_on_stack)
{
    char here[16] = {0};
    uintptr_t rounds = 1 + (((uintptr_t)here >> 4) & 255);
    ASSAY_LOOP(b) {
        for (uintptr_t i = rounds; i > 0; i--) {
            NOPS(1);
        }
    }
    assay_touch(here);
}

static void work_untimed(void)
{
    for (int i = 0; i < 500; i++) {
        NOPS(7);
    }
}

ASSAY_BENCH(batches, .arg_name = "empty", .arg_names = {"yes", "no"}, .batch = 7)
{
    if (assay_arg(b) == 0) {
        ASSAY_LOOP_WITH(b, work_untimed()) {
        }
    } else {
        ASSAY_LOOP_WITH(b, work_untimed()) {
            NOPS(100);
        }
    }
}

ASSAY_BENCH(pauses, .arg_name = "empty", .arg_names = {"yes", "no"})
{
    if (assay_arg(b) == 0) {
        ASSAY_LOOP(b) {
            assay_pause(b);
            work_untimed();
            assay_resume(b);
        }
    } else {
        ASSAY_LOOP(b) {
            NOPS(60);
            assay_pause(b);
            work_untimed();
            assay_resume(b);
            NOPS(40);
        }
    }
}

ASSAY_BENCH(threads, .threads = {1, 2, 3})
{
    ASSAY_LOOP(b) {
        NOPS(50);
    }
}

/* Every eighth iteration does more. */
ASSAY_BENCH(amortised)
{
    unsigned turn = 0;
    ASSAY_LOOP(b) {
        NOPS(10);
        if ((turn++ & 7) == 0) {
            NOPS(80);
        }
    }
}

/* No two laps and no two runs are alike. */
ASSAY_BENCH(varies)
{
    unsigned seed = (unsigned)getpid();
    ASSAY_LOOP(b) {
        seed = seed * 1103515245 + 12345;
        for (unsigned i = seed >> 26; i > 0; i--) {
            NOPS(1);
        }
    }
}

static bool is_there(const char *ending)
{
    char path[4200] = "";
    ssize_t length = readlink("/proc/self/exe", path, 4096);
    snprintf(path + (length > 0 ? length : 0), 100, "%s", ending);
    return access(path, F_OK) == 0;
}

/* One instruction more where a file <executable>.more lies beside the executable: copies of one
 * program are two versions. */
ASSAY_BENCH(told)
{
    if (is_there(".more")) {
        ASSAY_LOOP(b) {
            NOPS(11);
        }
    } else {
        ASSAY_LOOP(b) {
            NOPS(10);
        }
    }
}

/* The same of a kernel whose iterations differ. */
ASSAY_BENCH(told_amortised)
{
    bool more = is_there(".more");
    unsigned turn = 0;
    ASSAY_LOOP(b) {
        if (turn++ % 300 == 0) {
            NOPS(3000);
        }
        if (more) {
            NOPS(5);
        }
    }
}

ASSAY_BENCH(changes_folder)
{
    if (chdir("/") != 0) {
        assay_fail(b, "no way to the root");
    }
    ASSAY_LOOP(b) {
        NOPS(10);
    }
}

ASSAY_BENCH(forks)
{
    pid_t child = fork();
    if (child == 0) {
        work_untimed();
        exit(0);
    }
    waitpid(child, NULL, 0);
    ASSAY_LOOP(b) {
        NOPS(10);
    }
}

static void use_unknown(void)
{
#if defined(__x86_64__)
    __asm__ volatile(".byte 0x62, 0xf1, 0x7d, 0x48, 0xef, 0xc0"); /* vpxord %zmm0, %zmm0, %zmm0 */
#endif
}

ASSAY_BENCH(avx512)
{
    ASSAY_LOOP(b) {
        use_unknown();
    }
}

ASSAY_BENCH(crashes)
{
    ASSAY_LOOP(b) {
        abort();
    }
}

ASSAY_BENCH(fails)
{
    assay_fail(b, "it failed on purpose");
    ASSAY_LOOP(b) {
    }
}

ASSAY_BENCH(skips)
{
    assay_skip(b, "it has nothing to do here");
    ASSAY_LOOP(b) {
    }
}

ASSAY_BENCH(hangs)
{
    ASSAY_LOOP(b) {
        for (;;) {
            assay_clobber();
        }
    }
}
