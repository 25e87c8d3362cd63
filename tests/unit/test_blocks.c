/* The table of live blocks: what was entered is found, whatever else came and went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "preload/blocks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESSES 20000
#define STEPS     400000
#define THREADS   4

static bool add(uintptr_t address, uint64_t bytes, uint16_t era, struct block *old)
{
    bool lost = true;
    bool had = blocks_add(address, (struct block){bytes, era}, old, &lost);
    assert_false(lost);
    return had;
}

static void test_one_block(void **state)
{
    struct block block;
    (void)state;
    assert_false(blocks_take(4096, &block));
    assert_false(add(4096, 100, 7, &block));
    assert_int_equal(blocks_count(), 1);
    assert_true(blocks_take(4096, &block));
    assert_int_equal(block.bytes, 100);
    assert_int_equal(block.era, 7);
    assert_false(blocks_take(4096, &block));
    assert_int_equal(blocks_count(), 0);
}

static void test_a_second_entry_replaces_the_first(void **state)
{
    struct block block;
    (void)state;
    assert_false(add(64, (UINT64_C(1) << 48) - 1, UINT16_MAX, &block));
    assert_true(add(64, 0, 0, &block));
    assert_true(block.bytes == (UINT64_C(1) << 48) - 1);
    assert_int_equal(block.era, UINT16_MAX);
    assert_int_equal(blocks_count(), 1);
    assert_true(blocks_take(64, &block));
    assert_int_equal(block.bytes, 0);
    assert_int_equal(block.era, 0);
}

/* Against an array of all addresses; `step` bytes apart, as from allocators with large blocks or
 * small ones. */
static void play(uintptr_t base, uintptr_t step, uint64_t seed)
{
    uint64_t *sizes = calloc(ADDRESSES, sizeof *sizes);
    struct rng rng;
    struct block block;
    size_t live = 0;
    assert_non_null(sizes);
    rng_seed_stream(&rng, seed, "blocks");
    for (int i = 0; i < STEPS; i++) {
        size_t at = (size_t)rng_below(&rng, ADDRESSES);
        uintptr_t address = base + at * step;
        if (sizes[at] == 0) {
            sizes[at] = 1 + rng_below(&rng, 1000000);
            assert_false(add(address, sizes[at], (uint16_t)at, &block));
            live++;
        } else {
            assert_true(blocks_take(address, &block));
            assert_true(block.bytes == sizes[at] && block.era == (uint16_t)at);
            assert_false(blocks_take(address, &block));
            sizes[at] = 0;
            live--;
        }
    }
    assert_int_equal(blocks_count(), live);
    for (size_t at = 0; at < ADDRESSES; at++) {
        assert_true(blocks_take(base + at * step, &block) == (sizes[at] != 0));
    }
    assert_int_equal(blocks_count(), 0);
    free(sizes);
}

static void test_many_blocks_come_and_go(void **state)
{
    (void)state;
    play(0x7f0000000010, 16, 1);
    play(0x550000001000, 4096, 2);
    play(0x7e0000000000, (uintptr_t)1 << 21, 3);
}

/* Each thread has addresses of its own; the shards are everybody's. */
static void *play_in_thread(void *argument)
{
    struct block block;
    uintptr_t base = 0x1000 + (uintptr_t)argument * 16;
    for (uintptr_t round = 0; round < 20; round++) {
        for (uintptr_t i = 0; i < 5000; i++) {
            add(base + i * THREADS * 16, i, (uint16_t)round, &block);
        }
        for (uintptr_t i = 0; i < 5000; i++) {
            if (!blocks_take(base + i * THREADS * 16, &block) || block.bytes != i ||
                block.era != round) {
                return (void *)1;
            }
        }
    }
    return NULL;
}

static void test_threads_do_not_disturb_each_other(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, play_in_thread, (void *)i), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = (void *)1;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    assert_int_equal(blocks_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_block),
        cmocka_unit_test(test_a_second_entry_replaces_the_first),
        cmocka_unit_test(test_many_blocks_come_and_go),
        cmocka_unit_test(test_threads_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
