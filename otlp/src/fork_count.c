#include "fork_count.h"

#include <pthread.h>
#include <stdbool.h>

#include <otlp/error.h>

atomic_uint otlp__forks;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_installed;

static void count_in_child(void)
{
    atomic_fetch_add_explicit(&otlp__forks, 1, memory_order_relaxed);
}

static void install(void)
{
    is_installed = pthread_atfork(NULL, NULL, count_in_child) == 0;
}

int otlp__fork_watch(void)
{
    pthread_once(&once, install);
    return is_installed ? 0 : OTLP_ENOMEM;
}
