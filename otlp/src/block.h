/*
 * Memory blocks of a few fixed sizes, from free lists of the calling thread.
 *
 * A block may be given back by another thread than the one that took it. A thread keeps two chains
 * of blocks of each size, 16 KiB each; a third goes whole to a depot that all threads share, and a
 * thread without blocks takes a chain from there: blocks flow back from those who free to those who
 * allocate, and one visit serves a whole chain. The depot is a bounded array of chains that are
 * exchanged atomically, so that nobody waits for anybody. What does not fit goes to free(). Sizes
 * above the largest class go to malloc directly.
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

/* A few blocks of the smallest size that keep their content, for the calling thread: taking gives
 * one that was kept, or NULL; keeping gives the block up. */
struct otlp__block *otlp__block_take_kept(void);
void otlp__block_keep(struct otlp__block *block);

#endif
