/* Bodies that tell their own times and latencies: what the harness must make of them is known. */
#include <assay.h>

#include <math.h>

ASSAY_SUITE("growth");

static void take(assay_bench *b, double each_ns)
{
    ASSAY_LOOP(b) {
        assay_record_ns(b, each_ns);
    }
}

ASSAY_BENCH(sort, .arg_name = "n", .args = {16, 64, 1024, 65536}, .complexity = true)
{
    double n = (double)assay_arg(b);
    take(b, 12.5 * n * log2(n));
}

/* Slightly off, so that there is an error to tell. */
ASSAY_BENCH(scan, .arg_name = "n", .args = {0, 8, 80, 800}, .arg2_names = {"cold", "warm"},
            .threads = {1, 2}, .complexity = true)
{
    double n = (double)assay_arg(b);
    take(b, (assay_arg2(b) == 0 ? 3 : 2) * n * (n > 100 ? 1.02 : 1) + (n > 0 ? 0 : 1));
}

ASSAY_BENCH(few, .args = {10, 20}, .complexity = true)
{
    take(b, (double)assay_arg(b));
}

ASSAY_BENCH(plain, .args = {1, 2, 3})
{
    take(b, 100);
}

/* A tail over six powers of ten, the same in every run: latency i is 100 * 1.0001^i ns. */
ASSAY_BENCH(tail)
{
    double latency_ns = 100;
    uint64_t i = 0;
    ASSAY_LOOP(b) {
        assay_latency(b, (uint64_t)latency_ns);
        assay_record_ns(b, 50);
        latency_ns = ++i % 138000 == 0 ? 100 : latency_ns * 1.0001;
    }
}

/* One latency in a hundred is longer than the histogram reaches. */
ASSAY_BENCH(overflow)
{
    uint64_t i = 0;
    ASSAY_LOOP(b) {
        assay_latency(b, i++ % 100 == 0 ? UINT64_C(60000000000) : 1000);
        assay_record_ns(b, 50);
    }
}
