/* Batches of every policy, pauses and cold iterations. */
#include <assay.h>

#include <stdlib.h>
#include <string.h>

ASSAY_SUITE("setups");

#define INPUT_BYTES 512

struct inputs {
    unsigned char *bytes;
    uint64_t capacity;
    uint64_t held;
    uint64_t next;
    uint64_t largest;
};

static void prepare(struct inputs *in, assay_bench *b)
{
    in->held = assay_batch(b);
    in->next = 0;
    in->largest = in->held > in->largest ? in->held : in->largest;
    if (in->held > in->capacity) {
        assay_fail(b, "a batch is larger than assay_batch_max told");
        return;
    }
    memset(in->bytes, 1, in->held * INPUT_BYTES);
}

static void consume_all(assay_bench *b)
{
    struct inputs in = {.capacity = assay_batch_max(b)};
    uint64_t sum = 0;
    in.bytes = calloc(in.capacity, INPUT_BYTES);
    if (in.bytes == NULL) {
        assay_fail(b, "out of memory");
        return;
    }
    ASSAY_LOOP_WITH(b, prepare(&in, b)) {
        const unsigned char *input = in.bytes + in.next * INPUT_BYTES;
        for (size_t i = 0; i < INPUT_BYTES; i++) {
            sum += input[i];
        }
        in.next++;
        assay_keep(sum);
    }
    if (in.next != in.held) {
        assay_fail(b, "inputs were left over");
    }
    assay_counter(b, "most allowed", (double)in.capacity, NULL);
    assay_counter(b, "largest", (double)in.largest, NULL);
    free(in.bytes);
}

ASSAY_BENCH(fixed, .batch = 16, .input_bytes = INPUT_BYTES)
{
    consume_all(b);
}

ASSAY_BENCH(fixed_capped, .batch = 1000, .input_bytes = INPUT_BYTES,
            .batch_bytes_max = 10 * INPUT_BYTES)
{
    consume_all(b);
}

ASSAY_BENCH(small, .batching = ASSAY_BATCH_SMALL, .input_bytes = INPUT_BYTES)
{
    consume_all(b);
}

ASSAY_BENCH(large, .batching = ASSAY_BATCH_LARGE, .input_bytes = INPUT_BYTES)
{
    consume_all(b);
}

ASSAY_BENCH(each, .batching = ASSAY_BATCH_EACH, .input_bytes = INPUT_BYTES)
{
    consume_all(b);
}

ASSAY_BENCH(count, .batching = ASSAY_BATCH_COUNT, .batch = 4, .input_bytes = INPUT_BYTES,
            .batch_bytes_max = 1 << 20)
{
    consume_all(b);
}

ASSAY_BENCH(on_threads, .threads = {2}, .batching = ASSAY_BATCH_SMALL, .input_bytes = INPUT_BYTES,
            .batch_bytes_max = 100 * INPUT_BYTES)
{
    consume_all(b);
}

/* One iteration is about as long as a pair of clock reads. */
ASSAY_BENCH(cheap_each, .batching = ASSAY_BATCH_EACH)
{
    uint64_t x = 0;
    ASSAY_LOOP_WITH(b, x = 1) {
        for (int i = 0; i < 40; i++) {
            x += (uint64_t)i;
            assay_touch(&x);
        }
    }
}

static void spin(uint64_t *x, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        *x += (uint64_t)i;
        assay_touch(x);
    }
}

/* Two pauses an iteration. */
ASSAY_BENCH(paused_twice)
{
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        for (int turn = 0; turn < 2; turn++) {
            spin(&x, 100);
            assay_pause(b);
            spin(&x, 10);
            assay_resume(b);
        }
    }
}

#define CHASE_BYTES (512 * 1024)
#define LINE_WORDS  8 /* of a cache line of 64 bytes */
#define LINES       (CHASE_BYTES / 64)

/* A chain through every cache line of the buffer in random order: its time is that of the memory.
 */
static void make_chain(uint64_t *words)
{
    static uint32_t order[LINES];
    uint64_t random = 88172645463325252u;
    for (uint32_t i = 0; i < LINES; i++) {
        order[i] = i;
    }
    for (uint32_t i = LINES - 1; i > 0; i--) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint32_t j = (uint32_t)(random % i);
        uint32_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
    for (uint32_t i = 0; i < LINES; i++) {
        words[(size_t)order[i] * LINE_WORDS] = (uint64_t)order[(i + 1) % LINES] * LINE_WORDS;
    }
}

/* A test that wants a faster version of this program changes the digit in the file. */
static const volatile char part[] = "setups chases one part of: 1";

static int chased_lines(void)
{
    return LINES / (part[sizeof part - 2] - '0');
}

static void chase(assay_bench *b, bool named)
{
    int lines = chased_lines();
    uint64_t *words = aligned_alloc(64, CHASE_BYTES);
    uint64_t at = 0;
    if (words == NULL) {
        assay_fail(b, "out of memory");
        return;
    }
    memset(words, 0, CHASE_BYTES);
    make_chain(words);
    assay_evict(b, named ? words : NULL, CHASE_BYTES);
    ASSAY_LOOP(b) {
        for (int i = 0; i < lines; i++) {
            at = words[at];
        }
        assay_keep(at);
        at = 0;
    }
    free(words);
}

ASSAY_BENCH(chase_warm)
{
    chase(b, true);
}

ASSAY_BENCH(chase_cold, .cold = true)
{
    chase(b, true);
}

ASSAY_BENCH(chase_swept, .cold = true)
{
    chase(b, false);
}

/* Fresh input for each iteration, which is cold nevertheless. */
ASSAY_BENCH(cold_with_setup, .cold = true, .batch = 16)
{
    static unsigned char input[INPUT_BYTES];
    uint64_t sum = 0;
    uint64_t setups = 0;
    uint64_t iterations = 0;
    if (assay_batch_max(b) != 1) {
        assay_fail(b, "a cold batch is more than one iteration");
    }
    assay_evict(b, input, sizeof input);
    ASSAY_LOOP_WITH(b, (memset(input, 1, sizeof input), setups++)) {
        for (size_t i = 0; i < sizeof input; i++) {
            sum += input[i];
        }
        assay_keep(sum);
        iterations++;
    }
    assay_counter(b, "iterations a setup", (double)iterations / (double)(setups > 0 ? setups : 1),
                  NULL);
}

static char region[64];

ASSAY_BENCH(evict_in_the_loop, .cold = true)
{
    ASSAY_LOOP(b) {
        assay_evict(b, region, sizeof region);
    }
}
