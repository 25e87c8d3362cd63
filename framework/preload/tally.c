/* Counts, and where they begin and end. */
#include "preload/tally.h"
#include "preload/blocks.h"
#include "preload/tally_internal.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATH "/proc/self/fd/"

_Thread_local struct tally_self tally_self;

static struct tally total;
static uint64_t live_bytes; /* see struct tally */
static uint16_t era = 1;    /* 0: of blocks that did not count */
static const bool *here;    /* reads as false in a child after fork */

#define ADD(counter, n) __atomic_add_fetch(&(counter), (n), __ATOMIC_RELAXED)

bool tally_follows(void)
{
    return !tally_self.inside && (here == NULL || *here);
}

static void raise_peak(uint64_t live)
{
    uint64_t peak = __atomic_load_n(&total.peak_bytes, __ATOMIC_RELAXED);
    while (live > peak && !__atomic_compare_exchange_n(&total.peak_bytes, &peak, live, true,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

/* Returns by how much. */
static uint64_t lower_live(uint64_t bytes)
{
    uint64_t live = __atomic_load_n(&live_bytes, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&live_bytes, &live, live > bytes ? live - bytes : 0, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return live > bytes ? bytes : live;
}

/* A block is gone. One that was counted is missed whoever frees it. */
static uint64_t forget(const struct block *block)
{
    bool matters = block->era == era || tally_self.counts;
    return matters ? lower_live(block->bytes) : 0;
}

void tally_enter(void *block, size_t bytes)
{
    struct tally_self *self = &tally_self;
    struct block old;
    bool lost;
    if (blocks_add((uintptr_t)block, (struct block){bytes, self->counts ? era : 0}, &old, &lost)) {
        forget(&old); /* it was freed on a way that is not known here */
    }
    self->last = block;
    self->last_bytes = bytes;
    if (!self->counts) {
        return;
    }
    ADD(total.allocations, 1);
    ADD(total.allocated_bytes, bytes);
    if (lost) {
        ADD(total.lost_blocks, 1);
    } else {
        raise_peak(ADD(live_bytes, bytes));
    }
}

/* What a free counts as; 1 or, to take it back, -1 times. */
static void count_free(struct tally_past past, uint64_t times)
{
    if (tally_self.counts) {
        ADD(total.frees, times);
        ADD(total.freed_bytes, past.known ? past.bytes * times : 0);
        ADD(total.unknown_frees, past.known ? 0 : times);
    }
}

struct tally_past tally_leave(void *block)
{
    struct block old;
    struct tally_past past = {.known = false};
    if (block == NULL) {
        return past;
    }
    if (blocks_take((uintptr_t)block, &old)) {
        past = (struct tally_past){.known = true, .era = old.era, .bytes = old.bytes};
        past.lowered = forget(&old);
    }
    count_free(past, 1);
    return past;
}

void tally_take_back(void *block, struct tally_past past)
{
    struct block block_was = {past.bytes, past.era};
    struct block old;
    bool lost;
    if (block == NULL) {
        return;
    }
    count_free(past, UINT64_MAX);
    if (past.known) {
        blocks_add((uintptr_t)block, block_was, &old, &lost);
        ADD(live_bytes, past.lowered);
    }
}

void tally_amend(void *block, size_t bytes)
{
    struct block old;
    bool lost;
    size_t entered = tally_self.last_bytes;
    if (bytes == entered || !blocks_take((uintptr_t)block, &old)) {
        return;
    }
    forget(&old);
    blocks_add((uintptr_t)block, (struct block){bytes, old.era}, &old, &lost);
    if (tally_self.counts) {
        ADD(total.allocated_bytes, bytes - entered);
        raise_peak(ADD(live_bytes, bytes));
    }
}

void tally_find_next(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found);
}

/* ---- For the program ------------------------------------------------------------------------ */

TALLY_EXPORT void assay__tally_start(void);
TALLY_EXPORT void assay__tally_stop(void);
TALLY_EXPORT void assay__tally_clear(void);
TALLY_EXPORT void assay__tally_read(struct tally *out);

void assay__tally_start(void)
{
    tally_self.counts = true;
}

void assay__tally_stop(void)
{
    tally_self.counts = false;
}

void assay__tally_clear(void)
{
    memset(&total, 0, sizeof total);
    live_bytes = 0;
    era = era == UINT16_MAX ? 1 : (uint16_t)(era + 1);
}

void assay__tally_read(struct tally *out)
{
    *out = total;
}

/* ---- At the start --------------------------------------------------------------------------- */

/* A page that the kernel empties in the child of a fork: there a lock may be held for ever by a
 * thread that does not exist. */
static void mark_process(void)
{
    size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
    bool *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return;
    }
    if (madvise(page, bytes, MADV_WIPEONFORK) == 0) {
        *page = true;
        here = page;
    }
}

/* Takes the library out of LD_PRELOAD and closes its file: programs that this one starts are to
 * find what they would find without it. */
static void leave_environment(void)
{
    static const char name[] = "LD_PRELOAD=" PATH;
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        if (strncmp(*variable, name, sizeof name - 1) != 0) {
            continue;
        }
        char *rest;
        long fd = strtol(*variable + sizeof name - 1, &rest, 10);
        if (*rest == ':') {
            memmove(*variable + strlen("LD_PRELOAD="), rest + 1, strlen(rest));
        } else {
            for (char **next = variable; *next != NULL; next++) {
                next[0] = next[1];
            }
        }
        close((int)fd);
        return;
    }
}

__attribute__((constructor)) static void begin(void)
{
    tally_prepare();
    mark_process();
    leave_environment();
}
