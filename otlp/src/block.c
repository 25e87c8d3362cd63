#include "block.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Address sanitizer finds the use of a freed span only when the memory is really freed. */
#if defined(__SANITIZE_ADDRESS__)
#define BLOCKS_KEPT 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCKS_KEPT 0
#endif
#endif
#ifndef BLOCKS_KEPT
#define BLOCKS_KEPT 1
#endif

/* 256, 512, ..., 16384 */
#define CLASS_COUNT 7
#define CHAIN_BYTES OTLP__BLOCK_LARGEST
#define DEPOT_SLOTS 256 /* 4 MiB a class */
#define KEPT_MAX    16u

struct chain {
    struct otlp__block *head;
    size_t bytes;
};

struct thread_blocks {
    struct chain loaded[CLASS_COUNT]; /* taken from and given to */
    struct chain spare[CLASS_COUNT];  /* empty or full */
    struct otlp__block *kept;
    unsigned kept_count;
    bool is_registered;
};

/* Only full chains are in a depot. `count` is a hint that saves looking through an empty one. */
struct depot {
    alignas(64) _Atomic(struct otlp__block *) chains[DEPOT_SLOTS];
    alignas(64) atomic_int count;
};

static _Thread_local struct thread_blocks thread_blocks __attribute__((tls_model("initial-exec")));
static struct depot depots[CLASS_COUNT];

static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;
static bool exit_key_is_valid;

static bool depot_put(struct depot *depot, struct otlp__block *chain)
{
    for (size_t i = 0; i < DEPOT_SLOTS; i++) {
        struct otlp__block *expected = NULL;
        if (atomic_load_explicit(&depot->chains[i], memory_order_relaxed) == NULL &&
            atomic_compare_exchange_strong_explicit(&depot->chains[i], &expected, chain,
                                                    memory_order_release, memory_order_relaxed)) {
            atomic_fetch_add_explicit(&depot->count, 1, memory_order_relaxed);
            return true;
        }
    }
    return false;
}

static struct otlp__block *depot_take(struct depot *depot)
{
    if (atomic_load_explicit(&depot->count, memory_order_relaxed) <= 0) {
        return NULL;
    }
    for (size_t i = 0; i < DEPOT_SLOTS; i++) {
        if (atomic_load_explicit(&depot->chains[i], memory_order_relaxed) != NULL) {
            struct otlp__block *chain =
                atomic_exchange_explicit(&depot->chains[i], NULL, memory_order_acquire);
            if (chain != NULL) {
                atomic_fetch_sub_explicit(&depot->count, 1, memory_order_relaxed);
                return chain;
            }
        }
    }
    return NULL;
}

static void free_chain(struct otlp__block *block)
{
    while (block != NULL) {
        struct otlp__block *next = block->next;
        free(block);
        block = next;
    }
}

static void free_lists_of_thread(void *arg)
{
    struct thread_blocks *blocks = arg;
    blocks->is_registered = false;
    free_chain(blocks->kept);
    blocks->kept = NULL;
    blocks->kept_count = 0;
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        free_chain(blocks->loaded[i].head);
        if (blocks->spare[i].head != NULL && !depot_put(&depots[i], blocks->spare[i].head)) {
            free_chain(blocks->spare[i].head);
        }
        blocks->loaded[i] = (struct chain){NULL, 0};
        blocks->spare[i] = (struct chain){NULL, 0};
    }
}

static void create_exit_key(void)
{
    exit_key_is_valid = pthread_key_create(&exit_key, free_lists_of_thread) == 0;
}

/* Without a destructor the lists would leak when the thread ends, so then nothing is kept. */
static bool register_thread(struct thread_blocks *blocks)
{
    pthread_once(&exit_key_once, create_exit_key);
    blocks->is_registered = exit_key_is_valid && pthread_setspecific(exit_key, blocks) == 0;
    return blocks->is_registered;
}

/* size is OTLP__BLOCK_SMALLEST << class, or smaller. */
static unsigned class_of(size_t size)
{
    if (size <= OTLP__BLOCK_SMALLEST) {
        return 0;
    }
    unsigned bits = 64u - (unsigned)__builtin_clzll((unsigned long long)size - 1);
    return bits - 8;
}

static struct otlp__block *allocate(size_t size)
{
    struct otlp__block *block = malloc(size);
    if (block != NULL) {
        block->size = size;
    }
    return block;
}

/* From the spare chain, the depot, or malloc. What a thread that is not registered takes from the
 * depot it may keep only because taking registers it. */
static __attribute__((noinline)) struct otlp__block *refill(struct thread_blocks *blocks,
                                                            unsigned class)
{
    size_t size = (size_t)OTLP__BLOCK_SMALLEST << class;
    struct chain *loaded = &blocks->loaded[class];
    if (blocks->spare[class].head != NULL) {
        *loaded = blocks->spare[class];
        blocks->spare[class] = (struct chain){NULL, 0};
    } else if (blocks->is_registered || (BLOCKS_KEPT && register_thread(blocks))) {
        loaded->head = depot_take(&depots[class]);
        loaded->bytes = loaded->head != NULL ? CHAIN_BYTES : 0;
    }
    struct otlp__block *block = loaded->head;
    if (block == NULL) {
        return allocate(size);
    }
    loaded->head = block->next;
    loaded->bytes -= size;
    return block;
}

struct otlp__block *otlp__block_take(size_t size)
{
    if (size > OTLP__BLOCK_LARGEST) {
        return allocate(size);
    }
    unsigned class = class_of(size);
    struct chain *loaded = &thread_blocks.loaded[class];
    struct otlp__block *block = loaded->head;
    if (__builtin_expect(block == NULL, 0)) {
        return refill(&thread_blocks, class);
    }
    loaded->head = block->next;
    loaded->bytes -= block->size;
    return block;
}

static __attribute__((noinline)) void unload(struct thread_blocks *blocks, unsigned class)
{
    struct otlp__block *full = blocks->spare[class].head;
    if (full != NULL && !depot_put(&depots[class], full)) {
        free_chain(full);
    }
    blocks->spare[class] = blocks->loaded[class];
    blocks->loaded[class] = (struct chain){NULL, 0};
}

void otlp__block_give(struct otlp__block *block)
{
    struct thread_blocks *blocks = &thread_blocks;
    if (!BLOCKS_KEPT || block->size > OTLP__BLOCK_LARGEST ||
        !(blocks->is_registered || register_thread(blocks))) {
        free(block);
        return;
    }
    unsigned class = class_of(block->size);
    struct chain *loaded = &blocks->loaded[class];
    block->next = loaded->head;
    loaded->head = block;
    loaded->bytes += block->size;
    if (__builtin_expect(loaded->bytes >= CHAIN_BYTES, 0)) {
        unload(blocks, class);
    }
}

void otlp__block_give_chain(struct otlp__block *first)
{
    while (first != NULL) {
        struct otlp__block *next = first->next;
        otlp__block_give(first);
        first = next;
    }
}

struct otlp__block *otlp__block_take_kept(void)
{
    struct otlp__block *block = thread_blocks.kept;
    if (block != NULL) {
        thread_blocks.kept = block->next;
        thread_blocks.kept_count--;
    }
    return block;
}

void otlp__block_keep(struct otlp__block *block)
{
    struct thread_blocks *blocks = &thread_blocks;
    if (!BLOCKS_KEPT || blocks->kept_count == KEPT_MAX ||
        !(blocks->is_registered || register_thread(blocks))) {
        otlp__block_give(block);
        return;
    }
    block->next = blocks->kept;
    blocks->kept = block;
    blocks->kept_count++;
}
