#include "pipeline/batch_internal.h"

#include <string.h>

_Thread_local struct otlp__thread_shards otlp__thread_shards
    __attribute__((tls_model("initial-exec")));

/* Taken before the lock of a processor. */
static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;
static struct otlp__batch *live;
static struct otlp__forked *told;
static uint64_t last_id;
static atomic_uint_fast64_t last_token;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;
static bool is_installed;

static void before_fork(void)
{
    pthread_mutex_lock(&live_lock);
    for (struct otlp__batch *batch = live; batch != NULL; batch = batch->next_live) {
        pthread_mutex_lock(&batch->lock);
    }
}

static void after_fork(void)
{
    for (struct otlp__batch *batch = live; batch != NULL; batch = batch->next_live) {
        pthread_mutex_unlock(&batch->lock);
    }
    pthread_mutex_unlock(&live_lock);
}

static void after_fork_in_child(void)
{
    memset(&otlp__thread_shards, 0, sizeof otlp__thread_shards);
    for (struct otlp__forked *forked = told; forked != NULL; forked = forked->next) {
        forked->in_child(forked);
    }
    after_fork();
}

static void detach_shards(struct otlp__batch *batch, uint64_t token)
{
    for (struct otlp__shard *shard = batch->shards; shard != NULL; shard = shard->next) {
        if (shard->owner == token) {
            shard->owner = 0;
            otlp__budget_give(&batch->budget, shard->slots, (ptrdiff_t)shard->bytes);
            atomic_fetch_add(&batch->budget.spent, (long)shard->slots_lot);
            shard->slots = 0;
            shard->slots_lot = 0;
            shard->bytes = 0;
        }
    }
}

/* What the thread has queued stays; another thread may go on with its shards. */
static void end_of_thread(void *arg)
{
    struct otlp__thread_shards *shards = arg;
    pthread_mutex_lock(&live_lock);
    for (struct otlp__batch *batch = live; batch != NULL; batch = batch->next_live) {
        otlp__batch_lock(batch);
        detach_shards(batch, shards->token);
        otlp__batch_unlock(batch);
    }
    pthread_mutex_unlock(&live_lock);
    memset(shards, 0, sizeof *shards);
}

static void install(void)
{
    is_installed = pthread_key_create(&exit_key, end_of_thread) == 0 && otlp__fork_watch() == 0 &&
                   pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0;
}

static int prepare(void)
{
    pthread_once(&once, install);
    return is_installed ? 0 : OTLP_ENOMEM;
}

int otlp__forked_add(struct otlp__forked *forked)
{
    if (prepare() != 0) {
        return OTLP_ENOMEM;
    }
    pthread_mutex_lock(&live_lock);
    forked->next = told;
    told = forked;
    pthread_mutex_unlock(&live_lock);
    return 0;
}

void otlp__forked_remove(struct otlp__forked *forked)
{
    pthread_mutex_lock(&live_lock);
    struct otlp__forked **link = &told;
    while (*link != NULL && *link != forked) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = forked->next;
    }
    pthread_mutex_unlock(&live_lock);
}

int otlp__live_add(struct otlp__batch *batch)
{
    if (prepare() != 0) {
        return OTLP_ENOMEM;
    }
    pthread_mutex_lock(&live_lock);
    batch->id = ++last_id;
    batch->forks = otlp__fork_count();
    batch->next_live = live;
    live = batch;
    pthread_mutex_unlock(&live_lock);
    return 0;
}

void otlp__live_remove(struct otlp__batch *batch)
{
    pthread_mutex_lock(&live_lock);
    struct otlp__batch **link = &live;
    while (*link != NULL && *link != batch) {
        link = &(*link)->next_live;
    }
    if (*link != NULL) {
        *link = batch->next_live;
    }
    pthread_mutex_unlock(&live_lock);
}

static uint64_t token_of_thread(void)
{
    struct otlp__thread_shards *shards = &otlp__thread_shards;
    if (shards->token == 0 && pthread_setspecific(exit_key, shards) == 0) {
        shards->token = atomic_fetch_add(&last_token, 1) + 1;
    }
    return shards->token;
}

/* One that this thread has, one that nobody has, or a new one. */
static struct otlp__shard *find_shard(struct otlp__batch *batch, uint64_t token)
{
    struct otlp__shard *free_shard = NULL;
    for (struct otlp__shard *shard = batch->shards; shard != NULL; shard = shard->next) {
        if (shard->owner == token) {
            return shard;
        }
        if (shard->owner == 0) {
            free_shard = shard;
        }
    }
    if (free_shard == NULL) {
        free_shard = otlp__shard_new();
        if (free_shard == NULL) {
            return NULL;
        }
        free_shard->next = batch->shards;
        batch->shards = free_shard;
        batch->shard_count++;
        otlp__budget_set_threads(&batch->budget, batch->shard_count);
    }
    free_shard->owner = token;
    return free_shard;
}

struct otlp__shard *otlp__shard_attach(struct otlp__batch *batch)
{
    uint64_t token = token_of_thread();
    if (token == 0) {
        return NULL;
    }
    otlp__batch_lock(batch);
    struct otlp__shard *shard = find_shard(batch, token);
    /* Without workers the items wait; the next thread, or a flush, tries again. */
    (void)otlp__workers_start(batch);
    otlp__batch_unlock(batch);
    if (shard != NULL) {
        size_t at = batch->id % OTLP__THREAD_SHARDS;
        otlp__thread_shards.entries[at].batch_id = batch->id;
        otlp__thread_shards.entries[at].shard = shard;
    }
    return shard;
}
