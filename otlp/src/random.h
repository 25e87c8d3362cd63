/* The random numbers behind ids: xoshiro256** (Blackman and Vigna), seeded through splitmix64. */
#ifndef OTLP_RANDOM_H
#define OTLP_RANDOM_H

#include <stdint.h>

#include <otlp/ids.h>

static inline uint64_t otlp__rotl(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static inline uint64_t otlp__random_next(uint64_t state[4])
{
    uint64_t result = otlp__rotl(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = otlp__rotl(state[3], 45);
    return result;
}

/* Fills a state from 64 bits; the state is never all zero. */
void otlp__random_seed(uint64_t state[4], uint64_t seed);

/* The generator of this thread. Its state is all zero until it is seeded, which xoshiro256** can
 * never reach by itself, so that the state doubles as the mark "not seeded in this process". */
extern _Thread_local struct otlp_id_generator otlp__thread_random
    __attribute__((tls_model("initial-exec")));

void otlp__thread_generator_seed(void);

static inline struct otlp_id_generator *otlp__thread_generator(void)
{
    struct otlp_id_generator *generator = &otlp__thread_random;
    uint64_t *state = generator->state;
    if (__builtin_expect((state[0] | state[1] | state[2] | state[3]) == 0, 0)) {
        otlp__thread_generator_seed();
    }
    return generator;
}

/* The ids are written word by word into their place: a copy through a wider register would have to
 * wait for the stores. All zero has a chance of 2^-64 or less; drawing again rules it out. */
static inline void otlp__fill_trace_id(struct otlp_id_generator *generator,
                                       struct otlp_trace_id *id)
{
    uint64_t head;
    uint64_t tail;
    do {
        head = otlp__random_next(generator->state);
        tail = otlp__random_next(generator->state);
    } while ((head | tail) == 0);
    memcpy(id->bytes, &head, sizeof head);
    memcpy(id->bytes + sizeof head, &tail, sizeof tail);
}

static inline void otlp__fill_span_id(struct otlp_id_generator *generator, struct otlp_span_id *id)
{
    uint64_t word;
    do {
        word = otlp__random_next(generator->state);
    } while (word == 0);
    memcpy(id->bytes, &word, sizeof word);
}

#endif
