/* A part of a test in a process of its own, for what changes a process for good. Include after
 * cmocka.h. */
#ifndef TESTS_FORKED_H
#define TESTS_FORKED_H

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the body, where cmocka's assertions do not work. */
#define FORKED_EXPECT(condition)                                                                   \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* Passes when the body returns and all that it expects is so. */
static inline void assert_forked(void (*body)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20);
        body();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
