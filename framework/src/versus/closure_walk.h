/* The walk over two executables in step. */
#ifndef ASSAY_VERSUS_CLOSURE_WALK_H
#define ASSAY_VERSUS_CLOSURE_WALK_H

#include "base/str.h"
#include "versus/closure.h"
#include "versus/image.h"
#include "versus/reference.h"

#include <stddef.h>
#include <stdint.h>

/* Two places that must be the same, and how many of their bytes were compared. */
struct walk_pair {
    struct place side[2];
    const char *from; /* what refers to them */
    uint32_t next[2]; /* the next pair with the same hash, one higher; 0: none */
    bool queued;
};

#define WALK_BUCKETS 1024

struct walk {
    const struct image *image[2]; /* old, new */
    struct walk_pair *pairs;
    size_t count;
    size_t capacity;
    size_t *queue; /* of pairs to compare; a pair may come back when more of it is reached */
    size_t queue_count;
    size_t queue_capacity;
    uint32_t bucket[2][WALK_BUCKETS];
    enum closure_answer answer; /* CLOSURE_SAME until something speaks against it */
    struct str *why;
};

/* Says that the sides differ, or that it cannot be told; the first that is said stays. */
void walk_differ(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));
void walk_lose(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a pair of places, `offset` bytes into each of which something refers. */
void walk_add(struct walk *walk, const struct place side[2], const int64_t offset[2],
              const char *from);

/* Compares all that was added and all that it leads to. */
void walk_run(struct walk *walk);

void walk_release(struct walk *walk);

#endif
