/* The C functions that allocate and free, and jemalloc's. */
#include "preload/tally_internal.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* Memory for the look-up of the next allocator itself, which allocates in some C libraries. It is
 * never given back. */
#define ARENA_BYTES 16384
#define ARENA_ALIGN 16

static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*memalign)(size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
    void (*free_sized)(void *, size_t);
    void (*free_aligned_sized)(void *, size_t, size_t);
    void *(*mallocx)(size_t, int);
    void *(*rallocx)(void *, size_t, int);
    size_t (*xallocx)(void *, size_t, size_t, int);
    void (*dallocx)(void *, int);
    void (*sdallocx)(void *, size_t, int);
} next;

void *mallocx(size_t bytes, int flags);
void *rallocx(void *block, size_t bytes, int flags);
size_t xallocx(void *block, size_t bytes, size_t extra, int flags);
void free_sized(void *block, size_t bytes);
void free_aligned_sized(void *block, size_t alignment, size_t bytes);
void dallocx(void *block, int flags);
void sdallocx(void *block, size_t bytes, int flags);

static enum { UNKNOWN = 0, SEARCHING, KNOWN } state;
static _Alignas(ARENA_ALIGN) unsigned char arena[ARENA_BYTES];
static size_t arena_used;

void tally_prepare(void)
{
    static const struct {
        const char *name;
        void *function;
    } table[] = {
        {"malloc", &next.malloc},
        {"calloc", &next.calloc},
        {"realloc", &next.realloc},
        {"free", &next.free},
        {"aligned_alloc", &next.aligned_alloc},
        {"posix_memalign", &next.posix_memalign},
        {"memalign", &next.memalign},
        {"valloc", &next.valloc},
        {"pvalloc", &next.pvalloc},
        {"free_sized", &next.free_sized},
        {"free_aligned_sized", &next.free_aligned_sized},
        {"mallocx", &next.mallocx},
        {"rallocx", &next.rallocx},
        {"xallocx", &next.xallocx},
        {"dallocx", &next.dallocx},
        {"sdallocx", &next.sdallocx},
    };
    if (state != UNKNOWN) {
        return;
    }
    state = SEARCHING;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        tally_find_next(table[i].name, table[i].function);
    }
    __atomic_store_n(&state, KNOWN, __ATOMIC_RELEASE);
}

/* Whether the next allocator is known; not while it is being looked for. */
static bool prepared(void)
{
    if (__builtin_expect(__atomic_load_n(&state, __ATOMIC_ACQUIRE) == KNOWN, 1)) {
        return true;
    }
    tally_prepare();
    return state == KNOWN;
}

static bool is_of_arena(const void *block)
{
    uintptr_t at = (uintptr_t)block;
    return at >= (uintptr_t)arena && at < (uintptr_t)arena + ARENA_BYTES;
}

/* Its bytes are 0: each is handed out once. */
static void *take_from_arena(size_t bytes)
{
    if (bytes > ARENA_BYTES - ARENA_ALIGN) {
        return NULL;
    }
    size_t rounded = (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    size_t at = __atomic_fetch_add(&arena_used, rounded, __ATOMIC_RELAXED);
    return at + rounded <= ARENA_BYTES ? arena + at : NULL;
}

static bool multiply(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* Around a call of the next allocator. */
static bool begin_call(void)
{
    bool follows = tally_follows();
    if (follows) {
        tally_self.inside = true;
    }
    return follows;
}

static void *end_call(bool follows, void *block, size_t bytes)
{
    if (follows) {
        tally_self.inside = false;
        if (block != NULL) {
            tally_enter(block, bytes);
        }
    }
    return block;
}

static void *missing(void)
{
    errno = ENOMEM;
    return NULL;
}

/* ---- One block ------------------------------------------------------------------------------ */

TALLY_EXPORT void *malloc(size_t bytes)
{
    if (!prepared()) {
        return take_from_arena(bytes);
    }
    bool follows = begin_call();
    return end_call(follows, next.malloc(bytes), bytes);
}

TALLY_EXPORT void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (!prepared()) {
        return multiply(count, size, &bytes) ? take_from_arena(bytes) : NULL;
    }
    bool follows = begin_call();
    return end_call(follows, next.calloc(count, size), count * size);
}

TALLY_EXPORT void *aligned_alloc(size_t alignment, size_t bytes)
{
    if (!prepared() || next.aligned_alloc == NULL) {
        return missing();
    }
    bool follows = begin_call();
    return end_call(follows, next.aligned_alloc(alignment, bytes), bytes);
}

TALLY_EXPORT int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    if (!prepared() || next.posix_memalign == NULL) {
        return ENOMEM;
    }
    bool follows = begin_call();
    int failed = next.posix_memalign(out, alignment, bytes);
    end_call(follows, failed == 0 ? *out : NULL, bytes);
    return failed;
}

TALLY_EXPORT void *memalign(size_t alignment, size_t bytes)
{
    if (!prepared() || next.memalign == NULL) {
        return missing();
    }
    bool follows = begin_call();
    return end_call(follows, next.memalign(alignment, bytes), bytes);
}

TALLY_EXPORT void *valloc(size_t bytes)
{
    if (!prepared() || next.valloc == NULL) {
        return missing();
    }
    bool follows = begin_call();
    return end_call(follows, next.valloc(bytes), bytes);
}

TALLY_EXPORT void *pvalloc(size_t bytes)
{
    if (!prepared() || next.pvalloc == NULL) {
        return missing();
    }
    bool follows = begin_call();
    return end_call(follows, next.pvalloc(bytes), bytes);
}

TALLY_EXPORT void *mallocx(size_t bytes, int flags)
{
    if (!prepared() || next.mallocx == NULL) {
        return missing();
    }
    bool follows = begin_call();
    return end_call(follows, next.mallocx(bytes, flags), bytes);
}

/* ---- Another size --------------------------------------------------------------------------- */

static void *leave_arena(void *block, size_t bytes)
{
    size_t there = (size_t)(arena + ARENA_BYTES - (unsigned char *)block);
    void *moved = malloc(bytes);
    if (moved != NULL) {
        memcpy(moved, block, there < bytes ? there : bytes);
    }
    return moved;
}

/* The block leaves before the call: once it is freed, another thread may get its address. It comes
 * back when the call failed. */
static void *finish_resize(bool follows, void *old, struct tally_past past, void *made,
                           size_t bytes)
{
    if (!follows) {
        return made;
    }
    bool failed = made == NULL && (bytes > 0 || old == NULL);
    if (failed) {
        tally_take_back(old, past);
    }
    return end_call(true, made, bytes);
}

TALLY_EXPORT void *realloc(void *block, size_t bytes)
{
    if (is_of_arena(block)) {
        return leave_arena(block, bytes);
    }
    if (!prepared()) {
        return block == NULL ? take_from_arena(bytes) : NULL;
    }
    bool follows = begin_call();
    struct tally_past past = follows ? tally_leave(block) : (struct tally_past){0};
    return finish_resize(follows, block, past, next.realloc(block, bytes), bytes);
}

TALLY_EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (!multiply(count, size, &bytes)) {
        return missing();
    }
    return realloc(block, bytes);
}

TALLY_EXPORT void *rallocx(void *block, size_t bytes, int flags)
{
    if (!prepared() || next.rallocx == NULL) {
        return missing();
    }
    bool follows = begin_call();
    struct tally_past past = follows ? tally_leave(block) : (struct tally_past){0};
    return finish_resize(follows, block, past, next.rallocx(block, bytes, flags), bytes);
}

/* In place: a success is told by the size that it has now. */
TALLY_EXPORT size_t xallocx(void *block, size_t bytes, size_t extra, int flags)
{
    if (!prepared() || next.xallocx == NULL) {
        return 0;
    }
    bool follows = begin_call();
    struct tally_past past = follows ? tally_leave(block) : (struct tally_past){0};
    size_t has = next.xallocx(block, bytes, extra, flags);
    finish_resize(follows, block, past, has >= bytes ? block : NULL, bytes);
    return has;
}

/* ---- The end of a block --------------------------------------------------------------------- */

/* Whether there is something to free; tells the counts. */
static bool say_goodbye(void *block)
{
    if (block == NULL || is_of_arena(block) || !prepared()) {
        return false;
    }
    if (block != tally_self.passing && tally_follows()) {
        tally_leave(block);
    }
    return true;
}

TALLY_EXPORT void free(void *block)
{
    if (say_goodbye(block)) {
        next.free(block);
    }
}

TALLY_EXPORT void free_sized(void *block, size_t bytes)
{
    if (!say_goodbye(block)) {
        return;
    }
    if (next.free_sized != NULL) {
        bool follows = begin_call();
        next.free_sized(block, bytes);
        end_call(follows, NULL, 0);
    } else {
        next.free(block);
    }
}

TALLY_EXPORT void free_aligned_sized(void *block, size_t alignment, size_t bytes)
{
    if (!say_goodbye(block)) {
        return;
    }
    if (next.free_aligned_sized != NULL) {
        bool follows = begin_call();
        next.free_aligned_sized(block, alignment, bytes);
        end_call(follows, NULL, 0);
    } else {
        next.free(block);
    }
}

TALLY_EXPORT void dallocx(void *block, int flags)
{
    if (say_goodbye(block)) {
        next.dallocx(block, flags);
    }
}

TALLY_EXPORT void sdallocx(void *block, size_t bytes, int flags)
{
    if (say_goodbye(block)) {
        next.sdallocx(block, bytes, flags);
    }
}
