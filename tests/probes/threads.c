/* What more threads bring to kernels whose answer is known: one that shares nothing, one that holds
 * a mutex all the time, and a producer with a consumer. `build/release/probes/threads` prints
 * speed-up, efficiency and fairness; on a quiet machine with as many CPUs as threads the first has
 * an efficiency of 0.95 and more, and the second collapses. */
#include <assay.h>

#include <pthread.h>
#include <stdlib.h>

ASSAY_SUITE("threads");

/* Nothing is shared: registers, and an array on the thread's own stack. */
ASSAY_BENCH(parallel, .threads = {1, 2})
{
    uint64_t table[256] = {0};
    uint64_t x = assay_thread_index(b) + 1;
    ASSAY_LOOP(b) {
        for (int i = 0; i < 256; i++) {
            x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
            table[x >> 56] += x;
        }
        assay_touch(table);
    }
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t guarded;

/* Everything is inside one lock. In a process that never had a second thread glibc's mutex needs no
 * atomic operation: a part of the collapse is that. */
ASSAY_BENCH(mutex, .threads = {1, 2})
{
    ASSAY_LOOP(b) {
        pthread_mutex_lock(&lock);
        guarded = guarded * 5 + 1;
        assay_touch(&guarded);
        pthread_mutex_unlock(&lock);
    }
}

#define QUEUE_SLOTS 256

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t slots[QUEUE_SLOTS];
    size_t first;
    size_t count;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void push(uint64_t value)
{
    pthread_mutex_lock(&queue.lock);
    while (queue.count == QUEUE_SLOTS) {
        pthread_cond_wait(&queue.changed, &queue.lock);
    }
    queue.slots[(queue.first + queue.count++) % QUEUE_SLOTS] = value;
    if (queue.count == 1) {
        pthread_cond_signal(&queue.changed);
    }
    pthread_mutex_unlock(&queue.lock);
}

static uint64_t pop(void)
{
    pthread_mutex_lock(&queue.lock);
    while (queue.count == 0) {
        pthread_cond_wait(&queue.changed, &queue.lock);
    }
    uint64_t value = queue.slots[queue.first];
    queue.first = (queue.first + 1) % QUEUE_SLOTS;
    if (queue.count-- == QUEUE_SLOTS) {
        pthread_cond_signal(&queue.changed);
    }
    pthread_mutex_unlock(&queue.lock);
    return value;
}

/* Thread 0 hands numbers to thread 1, which knows what comes: a lost or doubled one fails. */
ASSAY_BENCH(hand_over, .threads = {2}, .lockstep = true)
{
    bool produces = assay_thread_index(b) == 0;
    uint64_t next = 0;
    bool in_order = true;
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        if (produces) {
            push(next++);
        } else {
            in_order = pop() == next++ && in_order;
        }
    }
    if (!produces && (!in_order || queue.count != 0)) {
        assay_fail(b, "the consumer did not get what the producer gave, in order and to the end");
    }
}
