#include "work.h"

uint64_t hash_work(const uint64_t *words, size_t units)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < units; i++) {
        hash = (hash ^ words[i]) * 0x100000001b3u;
    }
    return hash;
}
