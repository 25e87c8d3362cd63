#include "measure/duel.h"
#include "base/shared_page.h"
#include "measure/clock.h"

#include <errno.h>
#include <linux/futex.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAGIC          "assaydu"
#define ITERATIONS_MAX (UINT64_C(1) << 40)
#define TRIES          8 /* slices of the calibration, of which the fastest counts */
#define WARM_LAPS_MAX  64
/* A part of a slice that a side runs untimed when the turn comes to it. */
#define TOUCH_PART 10
/* A slice of one long iteration is not preceded by another one. */
#define TOUCH_NS_MAX 1e6
/* How many times as long a slice may last as the time that it is to measure: setup between batches
 * and pauses are not measured, and may be most of it. */
#define LASTING_MAX 20

void duel_begin(struct duel *d, const struct duel_request *request, const char *old_id,
                const char *new_id)
{
    memcpy(d->magic, MAGIC, sizeof d->magic);
    d->protocol = DUEL_PROTOCOL;
    d->bytes = sizeof *d;
    d->request = *request;
    d->lap = DUEL_SETUP;
    d->side = request->first;
    d->lap_iterations = 0;
    d->iterations = request->iterations;
    d->each_ns = request->each_ns;
    d->mirror_count = 0;
    d->mirror_next = 0;
    d->tries = 0;
    d->warm_laps = 0;
    d->slice = 0;
    d->begun_ns = 0;
    d->lap_begun_ns = 0;
    d->timed_each_ns = 0;
    for (size_t i = 0; i < 2; i++) {
        struct duel_side *side = &d->sides[i];
        snprintf(side->id, sizeof side->id, "%s", i == DUEL_OLD ? old_id : new_id);
        side->protocol = 0;
        side->state = DUEL_STARTING;
        side->reason[0] = '\0';
        side->pinned = false;
        side->count = 0;
    }
    atomic_store(&d->turn, request->first);
}

static uint32_t other(uint32_t side)
{
    return side == DUEL_OLD ? DUEL_NEW : DUEL_OLD;
}

static void set_lap(struct duel *d, enum duel_lap lap, uint32_t side, uint64_t iterations)
{
    d->lap = lap;
    d->side = side;
    d->lap_iterations = iterations;
}

static uint64_t filling(double ns, double each_ns)
{
    double iterations = floor(ns / fmax(each_ns, 1e-3));
    if (!(iterations > 1)) {
        return 1;
    }
    return iterations > (double)ITERATIONS_MAX ? ITERATIONS_MAX : (uint64_t)iterations;
}

/* Whose the n-th slice is: the quad's draw, and its place in ABBA. */
static uint32_t side_of_slice(const struct duel *d, uint32_t slice)
{
    uint32_t place = slice % 4;
    uint32_t inner = place == 1 || place == 2;
    return inner ^ d->request.quads[slice / 4];
}

static void plan_slice(struct duel *d)
{
    uint32_t side = side_of_slice(d, d->slice);
    bool keeps = d->side == side && d->lap == DUEL_TIMED;
    uint64_t touch = d->iterations / TOUCH_PART;
    if (touch == 0 && d->each_ns < TOUCH_NS_MAX) {
        touch = 1;
    }
    if (keeps || touch == 0) {
        set_lap(d, DUEL_TIMED, side, d->iterations);
    } else {
        set_lap(d, DUEL_TOUCH, side, touch);
    }
}

static void begin_slices(struct duel *d, double now_ns)
{
    d->begun_ns = now_ns;
    d->slice = 0;
    plan_slice(d);
}

static void begin_warm_up(struct duel *d, double now_ns)
{
    double slice_ns = fmax((double)d->iterations * d->each_ns, 1);
    double laps = floor(d->request.warm_up_ns / fmax(slice_ns, d->request.slice_ns));
    d->warm_laps = laps > WARM_LAPS_MAX ? WARM_LAPS_MAX : (uint32_t)laps;
    if (d->warm_laps == 0) {
        begin_slices(d, now_ns);
    } else {
        d->tries = 0;
        set_lap(d, DUEL_WARM_UP, d->request.first, d->iterations);
    }
}

static void next_warm_up(struct duel *d, double now_ns)
{
    d->tries++;
    if (d->tries == 2 * d->warm_laps) {
        begin_slices(d, now_ns);
    } else {
        uint32_t first = d->request.first;
        set_lap(d, DUEL_WARM_UP, d->tries < d->warm_laps ? first : other(first), d->iterations);
    }
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void calibrate_old(struct duel *d, const struct sample *ended, double now_ns)
{
    double slice_ns = d->request.slice_ns;
    double lasted_ns = fmax(now_ns - d->lap_begun_ns, ended->time_ns);
    double timed_each_ns = ended->time_ns / (double)ended->iterations;
    double each_ns = lasted_ns / (double)ended->iterations;
    d->mirror[d->mirror_count++] = ended->iterations;
    bool fills = ended->time_ns >= slice_ns / 2 || lasted_ns >= LASTING_MAX * slice_ns / 2 ||
                 ended->iterations >= ITERATIONS_MAX;
    if (fills || d->tries > 0) {
        d->each_ns = d->tries == 0 ? each_ns : fmin(d->each_ns, each_ns);
        d->timed_each_ns = d->tries == 0 ? timed_each_ns : fmin(d->timed_each_ns, timed_each_ns);
        d->iterations = smaller(filling(slice_ns, d->timed_each_ns),
                                filling(LASTING_MAX * slice_ns, d->each_ns));
        d->tries++;
    }
    bool slow = d->tries > 0 && ended->iterations == 1 && each_ns > TOUCH_NS_MAX;
    if (d->tries > TRIES || (slow && d->tries > 1) || d->mirror_count == DUEL_MIRROR_MAX) {
        d->iterations = d->tries == 0 ? ended->iterations : d->iterations;
        d->mirror_next = 0;
        set_lap(d, DUEL_CALIBRATE, DUEL_NEW, d->mirror[0]);
    } else {
        set_lap(d, DUEL_CALIBRATE, DUEL_OLD, d->tries > 0 ? d->iterations : ended->iterations * 2);
    }
}

static void mirror_new(struct duel *d, double now_ns)
{
    d->mirror_next++;
    if (d->mirror_next < d->mirror_count) {
        set_lap(d, DUEL_CALIBRATE, DUEL_NEW, d->mirror[d->mirror_next]);
    } else {
        begin_warm_up(d, now_ns);
    }
}

static void end_setup(struct duel *d, double now_ns)
{
    d->sides[d->side].state = DUEL_RUNNING;
    if (d->side == d->request.first) {
        set_lap(d, DUEL_SETUP, other(d->side), 0);
    } else if (d->iterations == 0) {
        set_lap(d, DUEL_CALIBRATE, DUEL_OLD, 1);
    } else {
        begin_warm_up(d, now_ns);
    }
}

static void record_slice(struct duel *d, const struct sample *ended, double now_ns)
{
    struct duel_side *side = &d->sides[d->side];
    side->slices[side->count++] =
        (struct duel_slice){ended->time_ns, ended->involuntary_switches, ended->page_faults};
    d->slice++;
    uint32_t quads = d->slice / 4;
    bool whole = d->slice % 4 == 0;
    bool long_enough = quads >= d->request.quads_min && now_ns - d->begun_ns >= d->request.pair_ns;
    if (whole && (long_enough || quads >= d->request.quads_max)) {
        set_lap(d, DUEL_END, DUEL_NOBODY, 0);
    } else {
        plan_slice(d);
    }
}

void duel_advance(struct duel *d, const struct sample *ended, double now_ns)
{
    switch ((enum duel_lap)d->lap) {
    case DUEL_SETUP:
        end_setup(d, now_ns);
        break;
    case DUEL_CALIBRATE:
        if (d->side == DUEL_OLD) {
            calibrate_old(d, ended, now_ns);
        } else {
            mirror_new(d, now_ns);
        }
        break;
    case DUEL_WARM_UP:
        next_warm_up(d, now_ns);
        break;
    case DUEL_TOUCH:
        set_lap(d, DUEL_TIMED, d->side, d->iterations);
        break;
    case DUEL_TIMED:
        record_slice(d, ended, now_ns);
        break;
    case DUEL_END:
        break;
    }
    d->lap_begun_ns = now_ns;
}

static void wake(struct duel *d)
{
    syscall(SYS_futex, &d->turn, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void hand_over(struct duel *d, uint32_t to)
{
    uint32_t mine = d->turn;
    /* Somebody may have ended the pair meanwhile; that stands. */
    while (mine != DUEL_NOBODY && !atomic_compare_exchange_weak(&d->turn, &mine, to)) {
    }
    wake(d);
}

/* Waits until it is this side's turn; false when the pair is over or the deadline has come. */
static bool await_turn(struct duel *d, enum duel_name self)
{
    for (;;) {
        uint32_t turn = atomic_load(&d->turn);
        if (turn == (uint32_t)self || turn == DUEL_NOBODY) {
            return turn == (uint32_t)self;
        }
        uint64_t now = clock_monotonic_ns();
        if (now >= d->request.deadline_ns) {
            return false;
        }
        uint64_t left = d->request.deadline_ns - now;
        struct timespec timeout = {.tv_sec = (time_t)(left / UINT64_C(1000000000)),
                                   .tv_nsec = (long)(left % UINT64_C(1000000000))};
        syscall(SYS_futex, &d->turn, FUTEX_WAIT, turn, &timeout, NULL, 0);
    }
}

bool duel_await_setup(struct duel *d, enum duel_name self)
{
    return await_turn(d, self);
}

uint64_t duel_take_turn(struct duel *d, enum duel_name self, const struct sample *ended)
{
    if (atomic_load(&d->turn) != (uint32_t)self) {
        return 0;
    }
    duel_advance(d, ended, (double)clock_monotonic_ns());
    if (d->side != (uint32_t)self) {
        bool over = d->lap == DUEL_END; /* the page is the other side's from now on */
        hand_over(d, d->side);
        if (over || !await_turn(d, self)) {
            return 0;
        }
    }
    return d->lap_iterations;
}

void duel_end(struct duel *d)
{
    atomic_store(&d->turn, DUEL_NOBODY);
    wake(d);
}

struct duel *duel_create(int *fd, struct error *error)
{
    return shared_page_create("two processes", sizeof(struct duel), fd, error);
}

struct duel *duel_map(int fd, struct error *error)
{
    struct duel *d = shared_page_map("assay compare", fd, sizeof *d, error);
    if (d != NULL && (memcmp(d->magic, MAGIC, sizeof d->magic) != 0 ||
                      d->protocol != DUEL_PROTOCOL || d->bytes != sizeof *d)) {
        error_set(error, STATUS_USAGE, "file %d is no page of protocol %d of assay compare", fd,
                  DUEL_PROTOCOL);
        duel_unmap(d);
        return NULL;
    }
    return d;
}

void duel_unmap(struct duel *d)
{
    shared_page_unmap(d, sizeof *d);
}
