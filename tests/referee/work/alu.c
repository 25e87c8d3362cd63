#include "work.h"

uint64_t alu_work(uint64_t state, size_t units)
{
    for (size_t i = 0; i < units; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    return state;
}
