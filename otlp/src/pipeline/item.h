/* What a processor queues: an ended span of a tracer, or a log record of a logger. */
#ifndef OTLP_PIPELINE_ITEM_H
#define OTLP_PIPELINE_ITEM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/log.h>
#include <otlp/signal.h>

#include "arena.h"
#include "pipeline/origin.h"

/* Lies at the start of its own first block. */
struct otlp__log_item {
    struct otlp_log_record record;
    const struct otlp__origin *origin;
    struct otlp__arena arena;
    atomic_uint references;
};

/* A record and all it points to, copied. OTLP_EINVAL, OTLP_ENOMEM. */
int otlp__log_item_new(const struct otlp_log_record *record, const struct otlp__origin *origin,
                       const struct otlp_limits *limits, struct otlp__log_item **item);

/* Memory that the item holds. It does not change any more. */
size_t otlp__item_bytes(enum otlp_signal signal, const void *item);

/* When the span ended, or the record was observed. */
uint64_t otlp__item_time_ns(enum otlp_signal signal, const void *item);

const struct otlp__origin *otlp__item_origin(enum otlp_signal signal, const void *item);

/* Gives up one reference. Any thread. */
void otlp__item_release(enum otlp_signal signal, void *item);

#endif
