#include "block.h"

#include <pthread.h>
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
#define CLASS_COUNT          7
#define KEPT_BYTES_PER_CLASS (1024u * 1024u)

struct block_list {
    struct otlp__block *head;
    size_t bytes;
};

struct thread_blocks {
    struct block_list lists[CLASS_COUNT];
    bool is_registered;
};

static _Thread_local struct thread_blocks thread_blocks __attribute__((tls_model("initial-exec")));

static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;
static bool exit_key_is_valid;

static void free_lists_of_thread(void *arg)
{
    struct thread_blocks *blocks = arg;
    blocks->is_registered = false;
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        struct otlp__block *block = blocks->lists[i].head;
        while (block != NULL) {
            struct otlp__block *next = block->next;
            free(block);
            block = next;
        }
        blocks->lists[i] = (struct block_list){NULL, 0};
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

struct otlp__block *otlp__block_take(size_t size)
{
    if (size > OTLP__BLOCK_LARGEST) {
        return allocate(size);
    }
    unsigned class = class_of(size);
    struct block_list *list = &thread_blocks.lists[class];
    struct otlp__block *block = list->head;
    if (block == NULL) {
        return allocate((size_t)OTLP__BLOCK_SMALLEST << class);
    }
    list->head = block->next;
    list->bytes -= block->size;
    return block;
}

void otlp__block_give(struct otlp__block *block)
{
    struct thread_blocks *blocks = &thread_blocks;
    if (!BLOCKS_KEPT || block->size > OTLP__BLOCK_LARGEST) {
        free(block);
        return;
    }
    struct block_list *list = &blocks->lists[class_of(block->size)];
    bool is_kept = list->bytes + block->size <= KEPT_BYTES_PER_CLASS &&
                   (blocks->is_registered || register_thread(blocks));
    if (!is_kept) {
        free(block);
        return;
    }
    block->next = list->head;
    list->head = block;
    list->bytes += block->size;
}

void otlp__block_give_chain(struct otlp__block *first)
{
    while (first != NULL) {
        struct otlp__block *next = first->next;
        otlp__block_give(first);
        first = next;
    }
}
