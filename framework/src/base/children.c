#include "base/children.h"

#include <stddef.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};

static sigset_t awaited;
static sigset_t before;
static bool initialised;

void children_init(void)
{
    sigemptyset(&awaited);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct sigaction inherited;
        /* What the caller had ignored, as nohup does, stays ignored; a blocked signal would not be.
         */
        if (sigaction(ends[i], NULL, &inherited) == 0 && inherited.sa_handler != SIG_IGN) {
            sigaddset(&awaited, ends[i]);
        }
    }
    sigaddset(&awaited, SIGCHLD);
    signal(SIGCHLD, SIG_DFL); /* ignored, it would take the status of every child away */
    sigprocmask(SIG_BLOCK, &awaited, &before);
    signal(SIGPIPE, SIG_IGN);
    initialised = true;
}

const sigset_t *children_before(void)
{
    return initialised ? &before : NULL;
}

void children_restore_signals(void)
{
    children_let_signals_act();
    signal(SIGPIPE, SIG_DFL);
}

void children_let_signals_act(void)
{
    if (initialised) {
        sigprocmask(SIG_SETMASK, &before, NULL);
    }
}

void children_hold_signals(void)
{
    if (initialised) {
        sigprocmask(SIG_BLOCK, &awaited, NULL);
    }
}

bool children_asked_to_end(void)
{
    sigset_t pending;
    if (!initialised || sigpending(&pending) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (sigismember(&awaited, ends[i]) == 1 && sigismember(&pending, ends[i]) == 1) {
            return true;
        }
    }
    return false;
}

int children_wait(uint64_t wait_ns)
{
    struct timespec timeout = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
                               .tv_nsec = (long)(wait_ns % NS_PER_S)};
    int caught = sigtimedwait(&awaited, NULL, &timeout);
    return caught > 0 && caught != SIGCHLD ? caught : 0;
}
