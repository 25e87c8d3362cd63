#include "preload/blocks.h"

#include <sched.h>
#include <sys/mman.h>

/* Open addressing with linear probing in each shard; a place is free when its address is 0. */
#define SHARD_BITS  6
#define SHARDS      (1U << SHARD_BITS)
#define PLACES_MIN  256
#define BYTES_SHIFT 16

struct place {
    uintptr_t address;
    uint64_t packed; /* bytes << 16 | era */
};

struct shard {
    _Alignas(64) bool locked;
    struct place *places;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

static struct shard shards[SHARDS];

/* The golden ratio spreads addresses, whose low bits are all the same. */
static uint64_t hash(uintptr_t address)
{
    return (uint64_t)address * UINT64_C(0x9e3779b97f4a7c15);
}

static struct shard *lock(uint64_t hashed)
{
    struct shard *shard = &shards[hashed >> (64 - SHARD_BITS)];
    while (__atomic_test_and_set(&shard->locked, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
    return shard;
}

static void unlock(struct shard *shard)
{
    __atomic_clear(&shard->locked, __ATOMIC_RELEASE);
}

static size_t first_place(const struct shard *shard, uintptr_t address)
{
    return (size_t)((hash(address) << SHARD_BITS) >> 32) & (shard->capacity - 1);
}

/* Where the address is, or the free place where it would be. The shard has a free place. */
static size_t find(const struct shard *shard, uintptr_t address)
{
    size_t i = first_place(shard, address);
    while (shard->places[i].address != 0 && shard->places[i].address != address) {
        i = (i + 1) & (shard->capacity - 1);
    }
    return i;
}

/* Keeps half of the places free. */
static bool make_room(struct shard *shard)
{
    if (shard->count * 2 < shard->capacity) {
        return true;
    }
    struct shard larger = {.capacity = shard->capacity == 0 ? PLACES_MIN : shard->capacity * 2,
                           .count = shard->count};
    void *memory = mmap(NULL, larger.capacity * sizeof *larger.places, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return false;
    }
    larger.places = memory;
    for (size_t i = 0; i < shard->capacity; i++) {
        if (shard->places[i].address != 0) {
            larger.places[find(&larger, shard->places[i].address)] = shard->places[i];
        }
    }
    if (shard->capacity > 0) {
        munmap(shard->places, shard->capacity * sizeof *shard->places);
    }
    shard->places = larger.places;
    shard->capacity = larger.capacity;
    return true;
}

static struct block unpack(uint64_t packed)
{
    return (struct block){.bytes = packed >> BYTES_SHIFT, .era = (uint16_t)packed};
}

bool blocks_add(uintptr_t address, struct block block, struct block *old, bool *lost)
{
    struct shard *shard = lock(hash(address));
    bool had = false;
    *lost = !make_room(shard);
    if (!*lost) {
        struct place *place = &shard->places[find(shard, address)];
        had = place->address != 0;
        *old = unpack(place->packed);
        shard->count += had ? 0 : 1;
        *place = (struct place){address, block.bytes << BYTES_SHIFT | block.era};
    }
    unlock(shard);
    return had;
}

/* Closes the gap at `gap`: what stands behind it and could stand there moves up. */
static void close_gap(struct shard *shard, size_t gap)
{
    size_t mask = shard->capacity - 1;
    size_t i = gap;
    shard->places[gap] = (struct place){0, 0};
    for (;;) {
        i = (i + 1) & mask;
        if (shard->places[i].address == 0) {
            return;
        }
        size_t wanted = first_place(shard, shard->places[i].address);
        if (((i - wanted) & mask) >= ((i - gap) & mask)) {
            shard->places[gap] = shard->places[i];
            shard->places[i] = (struct place){0, 0};
            gap = i;
        }
    }
}

bool blocks_take(uintptr_t address, struct block *block)
{
    struct shard *shard = lock(hash(address));
    bool had = false;
    if (shard->capacity > 0) {
        size_t i = find(shard, address);
        had = shard->places[i].address != 0;
        *block = unpack(shard->places[i].packed);
        if (had) {
            shard->count--;
            close_gap(shard, i);
        }
    }
    unlock(shard);
    return had;
}

size_t blocks_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        count += shards[i].count;
    }
    return count;
}
