#include <otlp/processor.h>

size_t otlp_batch_adapt(size_t size, uint64_t latency_ns, uint64_t target_ns, size_t min,
                        size_t max)
{
    size_t step = size / 5 > 0 ? size / 5 : 1;
    if (latency_ns > target_ns) {
        size = size > step ? size - step : 1;
    } else if (latency_ns < target_ns / 2) {
        size = size <= SIZE_MAX - step ? size + step : SIZE_MAX;
    }
    size = size > min ? size : min;
    return size < max ? size : max;
}
