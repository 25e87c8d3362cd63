/* Benchmarks that work, one for each thing that a body may ask or say. */
#include <assay.h>

#include <sched.h>
#include <stdio.h>
#include <string.h>

ASSAY_SUITE("good");

static void add_some(uint64_t *x)
{
    for (int i = 0; i < 32; i++) {
        *x += (uint64_t)i;
        assay_touch(x);
    }
}

ASSAY_BENCH(plain)
{
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        add_some(&x);
    }
}

ASSAY_BENCH(copy, .arg_name = "bytes", .args = {0, 64, 1024}, .tags = "memory fast")
{
    char from[1024];
    char to[1024];
    memset(from, 'x', sizeof from);
    assay_bytes(b, (uint64_t)assay_arg(b));
    ASSAY_LOOP(b) {
        assay_touch(from);
        memcpy(to, from, (size_t)assay_arg(b));
        assay_touch(to);
    }
}

ASSAY_BENCH(words, .arg_name = "how", .arg_names = {"up", "down"}, .arg2_name = "step",
            .args2 = {1, 2}, .tags = "memory")
{
    int64_t step = strcmp(assay_arg_name(b), "up") == 0 ? assay_arg2(b) : -assay_arg2(b);
    int64_t x = 0;
    assay_elements(b, 16);
    ASSAY_LOOP(b) {
        for (int i = 0; i < 16; i++) {
            x += step;
            assay_touch(&x);
        }
    }
}

ASSAY_BENCH(parallel, .threads = {1, 2})
{
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        add_some(&x);
    }
}

ASSAY_BENCH(fresh_input, .batch = 16)
{
    int input[16];
    uint64_t taken = 0;
    ASSAY_LOOP_WITH(b, memset(input, 1, sizeof input)) {
        taken += (uint64_t)input[taken % 16];
        assay_touch(&taken);
    }
}

ASSAY_BENCH(told, .unit = "us", .tags = "fast")
{
    uint64_t x = 0;
    assay_counter(b, "ratio", 2.5, "x");
    assay_counter(b, "blocks \"of\" 4", 7, NULL);
    ASSAY_LOOP(b) {
        add_some(&x);
        assay_record_ns(b, 1000);
        assay_latency(b, 500);
    }
}

ASSAY_BENCH(prints)
{
    uint64_t x = 0;
    printf("printed by the body\n");
    ASSAY_LOOP(b) {
        add_some(&x);
    }
}

/* How many CPUs it may run on. */
ASSAY_BENCH(runs_on)
{
    cpu_set_t allowed;
    uint64_t x = 0;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        assay_fail(b, "sched_getaffinity failed");
    }
    assay_counter(b, "cpus", CPU_COUNT(&allowed), NULL);
    assay_counter(b, "cpu", sched_getcpu(), NULL);
    ASSAY_LOOP(b) {
        add_some(&x);
    }
}
