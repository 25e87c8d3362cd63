/*
 * Memory blocks of a few fixed sizes, from free lists of the calling thread.
 *
 * A block may be given back by another thread than the one that took it: it then joins the list of
 * the thread that gives it back. A list is bounded, so that a thread which only gives back does not
 * hoard, and is freed when its thread ends. Sizes above the largest class go to malloc directly.
 */
#ifndef OTLP_BLOCK_H
#define OTLP_BLOCK_H

#include <stddef.h>

#define OTLP__BLOCK_SMALLEST 256u
#define OTLP__BLOCK_LARGEST  16384u

struct otlp__block {
    struct otlp__block *next; /* for the holder's own chain */
    size_t size;              /* bytes, this header included */
};

/* A block of at least `size` bytes, header included; NULL when memory runs out. */
struct otlp__block *otlp__block_take(size_t size);

/* Gives back one block, or a chain of them. */
void otlp__block_give(struct otlp__block *block);
void otlp__block_give_chain(struct otlp__block *first);

#endif
