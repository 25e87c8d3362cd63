#include "pipeline/item.h"

#include <otlp/span.h>

#include "log_internal.h"
#include "pipeline/tracer_internal.h"
#include "span_internal.h"

#define LOG_BLOCK_BYTES 512u

int otlp__log_item_new(const struct otlp_log_record *record, const struct otlp__origin *origin,
                       const struct otlp_limits *limits, struct otlp__log_item **item)
{
    struct otlp__block *block = otlp__block_take(LOG_BLOCK_BYTES);
    if (block == NULL) {
        return OTLP_ENOMEM;
    }
    block->next = NULL;
    struct otlp__log_item *made = (struct otlp__log_item *)(block + 1);
    made->origin = origin;
    made->arena.block = block;
    made->arena.low = (char *)(made + 1);
    made->arena.high = (char *)block + block->size;
    atomic_init(&made->references, 1);
    int rc = otlp__log_record_copy(&made->arena, limits, record, &made->record);
    if (rc != 0) {
        otlp__item_release(OTLP_LOGS, made);
        return rc;
    }
    *item = made;
    return 0;
}

size_t otlp__item_bytes(enum otlp_signal signal, const void *item)
{
    const struct otlp__block *block = signal == OTLP_TRACES
                                          ? ((const struct otlp_span *)item)->arena.block
                                          : ((const struct otlp__log_item *)item)->arena.block;
    size_t bytes = 0;
    for (; block != NULL; block = block->next) {
        bytes += block->size;
    }
    return bytes;
}

uint64_t otlp__item_time_ns(enum otlp_signal signal, const void *item)
{
    return signal == OTLP_TRACES ? ((const struct otlp_span *)item)->data.end_unix_ns
                                 : ((const struct otlp__log_item *)item)->record.observed_unix_ns;
}

const struct otlp__origin *otlp__item_origin(enum otlp_signal signal, const void *item)
{
    return signal == OTLP_TRACES ? &((const struct otlp_span *)item)->tracer->origin
                                 : ((const struct otlp__log_item *)item)->origin;
}

void otlp__item_release(enum otlp_signal signal, void *item)
{
    if (signal == OTLP_TRACES) {
        otlp_span_free(item);
        return;
    }
    struct otlp__log_item *log = item;
    if (atomic_load_explicit(&log->references, memory_order_acquire) == 1 ||
        atomic_fetch_sub_explicit(&log->references, 1, memory_order_acq_rel) == 1) {
        otlp__block_give_chain(log->arena.block);
    }
}
