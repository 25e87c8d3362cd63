/* Hashes of keys and values, for tables inside one process: not stable, not for hostile input
 * without a bound on the table. */
#ifndef OTLP_HASH_H
#define OTLP_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OTLP__HASH_FACTOR 0x9e3779b97f4a7c15u
#define OTLP__HASH_SALT   0xd1b54a32d192ed03u

__extension__ typedef unsigned __int128 otlp__uint128;

/* Both halves of the product: a difference in any bit of the input reaches the low bits. */
static inline uint64_t otlp__hash_mix(uint64_t hash, uint64_t word)
{
    otlp__uint128 product = (otlp__uint128)(hash ^ word ^ OTLP__HASH_SALT) * OTLP__HASH_FACTOR;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t otlp__hash_bytes(const char *bytes, size_t len)
{
    uint64_t hash = otlp__hash_mix(0, len);
    uint64_t word = 0;
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8) {
            memcpy(&word, bytes + i, 8);
            hash = otlp__hash_mix(hash, word);
        }
        memcpy(&word, bytes + len - 8, 8);
    } else if (len >= 4) {
        uint32_t head;
        uint32_t tail;
        memcpy(&head, bytes, 4);
        memcpy(&tail, bytes + len - 4, 4);
        word = (uint64_t)head << 32 | tail;
    } else {
        for (size_t i = 0; i < len; i++) {
            word = word << 8 | (uint8_t)bytes[i];
        }
    }
    return otlp__hash_mix(hash, word);
}

#endif
