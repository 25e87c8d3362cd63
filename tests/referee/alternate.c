/* Runs one pair of processes, old and new, in turns of a given length and prints the slices: what a
 * rule is given that alternates two versions within a single pair.
 *
 *     alternate OLD NEW ID SLICE_SECONDS SECONDS CPU SEED
 *
 * CPU -1: no pinning. Prints a line for each slice of the two sides, "old_ns new_ns" an iteration,
 * in the order in which they ran. Exit status 0, or 1 with a sentence. */
#include "base/children.h"
#include "base/rng.h"
#include "measure/clock.h"
#include "versus/pair.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARGUMENTS  8
#define WARM_UP_NS 5e6
#define LIMIT_S    60.0

struct plan {
    double slice_s;
    double pair_s;
    double cpu;
    double seed;
};

static bool read_number(const char *text, double min, double max, double *value)
{
    char *end;
    double read = strtod(text, &end);
    if (end == text || *end != '\0' || !(read >= min && read <= max)) {
        fprintf(stderr, "alternate: '%s' is no number from %g to %g\n", text, min, max);
        return false;
    }
    *value = read;
    return true;
}

static void make_request(const struct plan *plan, struct duel_request *request)
{
    const struct clock_facts *clock = clock_init();
    struct rng rng;
    rng_seed(&rng, (uint64_t)plan->seed);
    *request = (struct duel_request){.tsc = clock->tsc,
                                     .ns_per_tick = clock->ns_per_tick,
                                     .cpu = (int32_t)plan->cpu,
                                     .first = (uint32_t)rng_below(&rng, 2),
                                     .slice_ns = plan->slice_s * 1e9,
                                     .warm_up_ns = WARM_UP_NS,
                                     .pair_ns = plan->pair_s * 1e9,
                                     .quads_min = 10,
                                     .quads_max = DUEL_QUADS_MAX,
                                     .luck = rng_next(&rng)};
    for (size_t i = 0; i < DUEL_QUADS_MAX; i++) {
        request->quads[i] = (uint8_t)rng_below(&rng, 2);
    }
}

static void print_slices(const struct duel *d)
{
    const struct duel_side *sides = d->sides;
    double iterations = (double)d->iterations;
    for (uint32_t i = 0; i < sides[0].count && i < sides[1].count; i++) {
        printf("%.6g %.6g\n", sides[DUEL_OLD].slices[i].time_ns / iterations,
               sides[DUEL_NEW].slices[i].time_ns / iterations);
    }
}

static int alternate(const struct pair_sides *sides, const struct plan *plan)
{
    struct error error = {0};
    struct pair_page page;
    struct pair_outcome outcome;
    struct duel_request request;
    children_init();
    make_request(plan, &request);
    if (pair_open(&page, &error) != 0) {
        fprintf(stderr, "alternate: %s\n", error.text);
        return 1;
    }
    pair_run(&page, sides, &request, false, LIMIT_S, &outcome);
    if (outcome.end == PAIR_DONE) {
        print_slices(page.duel);
    } else {
        fprintf(stderr, "alternate: %s: %s\n", sides->id[0],
                outcome.end == PAIR_INTERRUPTED ? "interrupted" : outcome.reason);
    }
    pair_close(&page);
    return outcome.end == PAIR_DONE ? 0 : 1;
}

/* Descriptors 3 and 4 are those of the workers' own files. */
static int open_high(const char *path)
{
    int low = open(path, O_RDONLY | O_CLOEXEC);
    int high = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, 16);
    if (low >= 0) {
        close(low);
    }
    return high;
}

int main(int argc, char **argv)
{
    struct plan plan;
    struct pair_sides sides;
    if (argc != ARGUMENTS) {
        fputs("usage: alternate OLD NEW ID SLICE_SECONDS SECONDS CPU SEED\n", stderr);
        return 1;
    }
    if (!read_number(argv[4], 1e-5, 1, &plan.slice_s) ||
        !read_number(argv[5], 1e-3, 20, &plan.pair_s) ||
        !read_number(argv[6], -1, 4095, &plan.cpu) ||
        !read_number(argv[7], 0, 9.1e15, &plan.seed)) {
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        sides.program[i] = open_high(argv[1 + i]);
        sides.id[i] = argv[3];
        if (sides.program[i] < 0) {
            perror(argv[1 + i]);
            return 1;
        }
    }
    return alternate(&sides, &plan);
}
