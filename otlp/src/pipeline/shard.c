#include "pipeline/shard.h"

#include <stdlib.h>
#include <string.h>

#include <otlp/error.h>

_Static_assert(sizeof(struct otlp__chunk) <= OTLP__CHUNK_BYTES, "a chunk fits into its block");

static struct otlp__chunk *new_chunk(void)
{
    struct otlp__chunk *chunk = (struct otlp__chunk *)otlp__block_take(OTLP__CHUNK_BYTES);
    if (chunk != NULL) {
        chunk->block.next = NULL;
        chunk->following = NULL;
    }
    return chunk;
}

struct otlp__shard *otlp__shard_new(void)
{
    struct otlp__shard *shard = aligned_alloc(alignof(struct otlp__shard), sizeof *shard);
    if (shard == NULL) {
        return NULL;
    }
    memset(shard, 0, sizeof *shard);
    shard->tail = shard->head = new_chunk();
    if (shard->head == NULL) {
        free(shard);
        return NULL;
    }
    return shard;
}

void otlp__shard_free(struct otlp__shard *shard)
{
    struct otlp__chunk *chunk = shard->head;
    while (chunk != NULL) {
        struct otlp__chunk *following = chunk->following;
        otlp__block_give(&chunk->block);
        chunk = following;
    }
    free(shard);
}

void otlp__shard_restart(struct otlp__shard *shard)
{
    struct otlp__chunk *first = shard->head;
    struct otlp__chunk *chunk = first->following;
    struct otlp__shard *next = shard->next;
    while (chunk != NULL) {
        struct otlp__chunk *following = chunk->following;
        otlp__block_give(&chunk->block);
        chunk = following;
    }
    first->following = NULL;
    memset(shard, 0, sizeof *shard);
    shard->head = shard->tail = first;
    shard->next = next;
}

int otlp__shard_extend(struct otlp__shard *shard)
{
    struct otlp__chunk *chunk = new_chunk();
    if (chunk == NULL) {
        return OTLP_ENOMEM;
    }
    shard->tail->following = chunk;
    shard->tail = chunk;
    shard->tail_index = 0;
    return 0;
}

size_t otlp__shard_queued(const struct otlp__shard *shard)
{
    return (size_t)(atomic_load_explicit(&shard->published, memory_order_acquire) -
                    shard->consumed);
}

/* The chunk that the next item lies in. Called only when there is such an item. */
static struct otlp__chunk *head_chunk(struct otlp__shard *shard)
{
    if (shard->head_index == OTLP__CHUNK_ITEMS) {
        struct otlp__chunk *emptied = shard->head;
        shard->head = emptied->following;
        shard->head_index = 0;
        otlp__block_give(&emptied->block);
    }
    return shard->head;
}

void *otlp__shard_oldest(struct otlp__shard *shard)
{
    return head_chunk(shard)->items[shard->head_index];
}

size_t otlp__shard_take(struct otlp__shard *shard, void **items, size_t max)
{
    size_t count = otlp__shard_queued(shard);
    count = count < max ? count : max;
    for (size_t taken = 0; taken < count;) {
        struct otlp__chunk *chunk = head_chunk(shard);
        size_t here = OTLP__CHUNK_ITEMS - shard->head_index;
        here = here < count - taken ? here : count - taken;
        memcpy(items + taken, chunk->items + shard->head_index, here * sizeof *items);
        shard->head_index += here;
        taken += here;
    }
    shard->consumed += count;
    return count;
}
