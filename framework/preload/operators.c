/* C++'s operators new and delete, by their names in object files. Most call malloc and free, which
 * are counted; jemalloc's and others' do not. */
#include "preload/tally_internal.h"

#include <stdlib.h>

/* What this thread entered while the next operator ran stands for the block, when it is the block;
 * the operator may have thrown. */
static void *settle(void *block, size_t bytes)
{
    if (block != NULL && tally_follows()) {
        if (tally_self.last == block) {
            tally_amend(block, bytes);
        } else {
            tally_enter(block, bytes);
        }
    }
    return block;
}

/* Without a next operator (a library with C++ was loaded where it is not seen): malloc. There is
 * nothing to throw with. */
static void *allocate_or_abort(size_t bytes, size_t alignment)
{
    void *block = alignment == 0 ? malloc(bytes == 0 ? 1 : bytes) : aligned_alloc(alignment, bytes);
    if (block == NULL) {
        abort();
    }
    return block;
}

/* `parameters` of the operator, of which `bytes` is the first, and `arguments` to hand on. */
#define NEW(function, symbol, parameters, arguments, alignment)                                    \
    TALLY_EXPORT void *function parameters __asm__(symbol);                                        \
    void *function parameters                                                                      \
    {                                                                                              \
        static void *(*next)parameters;                                                            \
        if (next == NULL) {                                                                        \
            tally_find_next(symbol, &next);                                                        \
        }                                                                                          \
        tally_self.last = NULL;                                                                    \
        return settle(next == NULL ? allocate_or_abort(bytes, alignment) : next arguments, bytes); \
    }

NEW(new_one, "_Znwm", (size_t bytes), (bytes), 0)
NEW(new_many, "_Znam", (size_t bytes), (bytes), 0)
NEW(new_one_nothrow, "_ZnwmRKSt9nothrow_t", (size_t bytes, const void *tag), (bytes, tag), 0)
NEW(new_many_nothrow, "_ZnamRKSt9nothrow_t", (size_t bytes, const void *tag), (bytes, tag), 0)
NEW(new_one_aligned, "_ZnwmSt11align_val_t", (size_t bytes, size_t to), (bytes, to), to)
NEW(new_many_aligned, "_ZnamSt11align_val_t", (size_t bytes, size_t to), (bytes, to), to)
NEW(new_one_aligned_nothrow, "_ZnwmSt11align_val_tRKSt9nothrow_t",
    (size_t bytes, size_t to, const void *tag), (bytes, to, tag), to)
NEW(new_many_aligned_nothrow, "_ZnamSt11align_val_tRKSt9nothrow_t",
    (size_t bytes, size_t to, const void *tag), (bytes, to, tag), to)

/* The block leaves before the next operator runs: once it is freed, another thread may get its
 * address. The free that the operator calls is told to be silent. */
#define DELETE(function, symbol, parameters, arguments)                                            \
    TALLY_EXPORT void function parameters __asm__(symbol);                                         \
    void function parameters                                                                       \
    {                                                                                              \
        static void(*next) parameters;                                                             \
        if (next == NULL) {                                                                        \
            tally_find_next(symbol, &next);                                                        \
        }                                                                                          \
        if (next == NULL) {                                                                        \
            free(block);                                                                           \
            return;                                                                                \
        }                                                                                          \
        void *outer = tally_self.passing;                                                          \
        if (block != outer && tally_follows()) {                                                   \
            tally_leave(block);                                                                    \
        }                                                                                          \
        tally_self.passing = block;                                                                \
        next arguments;                                                                            \
        tally_self.passing = outer;                                                                \
    }

DELETE(delete_one, "_ZdlPv", (void *block), (block))
DELETE(delete_many, "_ZdaPv", (void *block), (block))
DELETE(delete_one_sized, "_ZdlPvm", (void *block, size_t bytes), (block, bytes))
DELETE(delete_many_sized, "_ZdaPvm", (void *block, size_t bytes), (block, bytes))
DELETE(delete_one_nothrow, "_ZdlPvRKSt9nothrow_t", (void *block, const void *tag), (block, tag))
DELETE(delete_many_nothrow, "_ZdaPvRKSt9nothrow_t", (void *block, const void *tag), (block, tag))
DELETE(delete_one_aligned, "_ZdlPvSt11align_val_t", (void *block, size_t to), (block, to))
DELETE(delete_many_aligned, "_ZdaPvSt11align_val_t", (void *block, size_t to), (block, to))
DELETE(delete_one_aligned_sized, "_ZdlPvmSt11align_val_t", (void *block, size_t bytes, size_t to),
       (block, bytes, to))
DELETE(delete_many_aligned_sized, "_ZdaPvmSt11align_val_t", (void *block, size_t bytes, size_t to),
       (block, bytes, to))
DELETE(delete_one_aligned_nothrow, "_ZdlPvSt11align_val_tRKSt9nothrow_t",
       (void *block, size_t to, const void *tag), (block, to, tag))
DELETE(delete_many_aligned_nothrow, "_ZdaPvSt11align_val_tRKSt9nothrow_t",
       (void *block, size_t to, const void *tag), (block, to, tag))
