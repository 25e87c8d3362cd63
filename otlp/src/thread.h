/* Starting the library's own threads. */
#ifndef OTLP_SRC_THREAD_H
#define OTLP_SRC_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/* Starts a thread that takes no signal: those are for the program's own threads. false: there is
 * none. */
static inline bool otlp__thread_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_running = pthread_create(thread, NULL, run, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_running;
}

#endif
