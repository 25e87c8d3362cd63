/* What the files of the counting library share. */
#ifndef ASSAY_PRELOAD_TALLY_INTERNAL_H
#define ASSAY_PRELOAD_TALLY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_EXPORT __attribute__((visibility("default")))

/* What a thread is doing. */
struct tally_self {
    bool counts;
    bool inside;       /* the next allocator: what it calls in turn is its own affair */
    void *last;        /* the block that it entered last */
    size_t last_bytes; /* ... with this size */
    void *passing;     /* delete is handing this block to free; it has left already */
};
extern _Thread_local struct tally_self tally_self;

/* Whether calls are to be followed: not in a child after fork, which shares no count. */
bool tally_follows(void);

/* A block, not NULL, was allocated. */
void tally_enter(void *block, size_t bytes);

/* A block is about to be freed; NULL: nothing is counted. Returns what to tell tally_take_back. */
struct tally_past {
    bool known;
    uint16_t era;
    uint64_t bytes;
    uint64_t lowered; /* what it took off the sum of live bytes */
};
struct tally_past tally_leave(void *block);

/* It was not freed after all. */
void tally_take_back(void *block, struct tally_past past);

/* The block that this thread entered last was asked for with another size by its caller. */
void tally_amend(void *block, size_t bytes);

/* The next definition of this name after the library's own, stored as the function pointer at
 * `function`; NULL when there is none. */
void tally_find_next(const char *name, void *function);

/* To be called before the next allocator is needed: finds it the first time. */
void tally_prepare(void);

#endif
