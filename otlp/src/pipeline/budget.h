/*
 * How many items, and how many bytes of them, a queue may hold: shared by all threads that fill it.
 *
 * A thread takes slots and bytes in small lots and then spends them without looking here again.
 * What is taken never exceeds the maxima; what threads have taken and not spent is missing for the
 * others, so that lots are small beside the maxima.
 */
#ifndef OTLP_PIPELINE_BUDGET_H
#define OTLP_PIPELINE_BUDGET_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <otlp/processor.h>

struct otlp__budget {
    size_t slots_max;
    size_t bytes_max;
    size_t bytes_warning;
    otlp_memory_hook *on_memory;
    void *user;
    alignas(64) atomic_size_t slots; /* taken */
    atomic_size_t bytes;             /* taken, buffers of workers included */
    atomic_long spent;               /* slots whose items are queued, as far as it was told */
    atomic_size_t lot;               /* slots to take at a time */
    atomic_size_t bytes_lot;         /* bytes to take at a time */
    atomic_size_t wake_at;           /* queued items that are worth waking a worker */
    atomic_int level;                /* enum otlp_memory_level, as reported last */
};

/* Takes up to `wanted` slots; 0: the queue is full. */
size_t otlp__budget_take_slots(struct otlp__budget *budget, size_t wanted);

/* Takes at least `needed` bytes, and more when there is plenty; 0: the ceiling is reached. */
size_t otlp__budget_take_bytes(struct otlp__budget *budget, size_t needed);

/* The whole lot that a thread should take now: it ends where a worker is to be woken. */
size_t otlp__budget_lot(const struct otlp__budget *budget);

/* So many threads share the budget: what all of them may hold unspent stays small beside it. */
void otlp__budget_set_threads(struct otlp__budget *budget, size_t threads);

/* Gives back. Bytes may be negative: buffers that have grown. */
void otlp__budget_give(struct otlp__budget *budget, size_t slots, ptrdiff_t bytes);

#endif
