#include "measure/batching.h"

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t at_least_one(uint64_t n)
{
    return n == 0 ? 1 : n;
}

bool batching_follows_lap(const struct batching *batching)
{
    return batching->policy == ASSAY_BATCH_SMALL || batching->policy == ASSAY_BATCH_LARGE ||
           batching->policy == ASSAY_BATCH_COUNT;
}

uint64_t batching_max(const struct batching *batching, unsigned threads)
{
    uint64_t max = batching_follows_lap(batching) ? BATCHING_MAX : at_least_one(batching->batch);
    if (batching->policy == ASSAY_BATCH_EACH) {
        return 1;
    }
    if (batching->input_bytes > 0) {
        uint64_t bytes_max = batching->bytes_max > 0 ? batching->bytes_max : BATCHING_BYTES_MAX;
        max = smaller(max, bytes_max / at_least_one(threads) / batching->input_bytes);
    } else if (batching_follows_lap(batching)) {
        max = BATCHING_UNKNOWN_MAX;
    }
    return at_least_one(max);
}

uint64_t batching_of_lap(const struct batching *batching, unsigned threads, uint64_t lap)
{
    uint64_t wanted = at_least_one(batching->batch);
    switch (batching->policy) {
    case ASSAY_BATCH_SMALL:
        wanted = lap / 10;
        break;
    case ASSAY_BATCH_LARGE:
        wanted = lap / 1000;
        break;
    case ASSAY_BATCH_EACH:
        wanted = 1;
        break;
    case ASSAY_BATCH_COUNT:
        wanted = lap / wanted + (lap % wanted != 0);
        break;
    case ASSAY_BATCH_FIXED:
        break;
    }
    return at_least_one(smaller(wanted, batching_max(batching, threads)));
}
