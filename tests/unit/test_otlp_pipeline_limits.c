/* The pipeline at the ends of its ranges: many idle threads, endless delays, fork() in the middle
 * of a shutdown, processors that come late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/forked.h"
#include "tests/unit/pipeline_play.h"

#define LONG_NS (3600 * PLAY_SECOND_NS)

/* Sanitizers take locks of their own that a child of a process with threads may find taken. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

/* ---- fork ---- */

static void *shut_down(void *arg)
{
    struct pipeline *p = arg;
    (void)otlp_processor_shutdown(p->processor, LONG_NS);
    return NULL;
}

static void child_amid_shutdown(struct pipeline *p)
{
    alarm(10);
    pthread_mutex_init(&p->play->lock, NULL);
    pthread_cond_init(&p->play->changed, NULL);
    p->play->inside = 0;
    p->play->is_stalled = false;
    pipeline_end_spans(p, 0, 3);
    FORKED_EXPECT(counts_of(p->processor).dropped[OTLP_DROPPED_SHUT_DOWN] == 3);
    FORKED_EXPECT(otlp_processor_shutdown(p->processor, PLAY_SECOND_NS) == 0);
    pipeline_free(p);
}

static void fork_amid_shutdown(void)
{
    const struct otlp_batch_options options = {.delay_ns = LONG_NS, .batch_max = 4};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    pthread_t thread;
    p.play->is_stalled = true;
    pipeline_end_spans(&p, 0, 4);
    play_wait_inside(p.play, 1);
    FORKED_EXPECT(pthread_create(&thread, NULL, shut_down, &p) == 0);
    /* A flush has nothing to wait for once shutdown was called. */
    while (otlp_processor_force_flush(p.processor, 1000000) != 0) {
    }
    pid_t child = fork();
    if (child == 0) {
        child_amid_shutdown(&p);
        _exit(0);
    }
    int status = 1;
    FORKED_EXPECT(waitpid(child, &status, 0) == child && status == 0);
    play_set_stalled(p.play, false);
    pthread_join(thread, NULL);
    FORKED_EXPECT(counts_of(p.processor).delivered == 4);
    pipeline_free(&p);
}

static void test_fork_amid_shutdown(void **state)
{
    (void)state;
    if (IS_SANITIZED) {
        skip();
    }
    assert_forked(fork_amid_shutdown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fork_amid_shutdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
