#include "random.h"

#include <pthread.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

_Thread_local struct otlp_id_generator otlp__thread_random
    __attribute__((tls_model("initial-exec")));

static pthread_once_t fork_handler_once = PTHREAD_ONCE_INIT;

/* Only the thread that called fork() lives on in the child, and this handler runs in it. */
static void forget_state_in_child(void)
{
    otlp__thread_random = (struct otlp_id_generator){{0}};
}

static void install_fork_handler(void)
{
    /* Failure (ENOMEM) leaves the parent unharmed; there is no caller who could act on it. */
    (void)pthread_atfork(NULL, NULL, forget_state_in_child);
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void otlp__random_seed(uint64_t state[4], uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++) {
        state[i] = splitmix64(&seed);
    }
    if ((state[0] | state[1] | state[2] | state[3]) == 0) {
        state[0] = 1;
    }
}

/* For a kernel that refuses entropy (early boot, seccomp): distinct by time, process and thread. */
static uint64_t weak_seed(const void *thread_address)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t mixed = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    mixed = splitmix64(&mixed) ^ (uint64_t)getpid();
    return splitmix64(&mixed) ^ (uint64_t)(uintptr_t)thread_address;
}

void otlp__thread_generator_seed(void)
{
    struct otlp_id_generator *generator = &otlp__thread_random;
    pthread_once(&fork_handler_once, install_fork_handler);
    ssize_t got = getrandom(generator->state, sizeof generator->state, 0);
    uint64_t any =
        generator->state[0] | generator->state[1] | generator->state[2] | generator->state[3];
    if (got != (ssize_t)sizeof generator->state || any == 0) {
        otlp__random_seed(generator->state, weak_seed(generator));
    }
}
