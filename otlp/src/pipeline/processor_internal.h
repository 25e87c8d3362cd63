#ifndef OTLP_PIPELINE_PROCESSOR_INTERNAL_H
#define OTLP_PIPELINE_PROCESSOR_INTERNAL_H

#include <otlp/processor.h>

#define OTLP__QUEUE_MAX         2048u
#define OTLP__NS_PER_MS         1000000u
#define OTLP__EXPORT_TIMEOUT_NS (30000ull * OTLP__NS_PER_MS)
#define OTLP__SPAN_DELAY_NS     (5000ull * OTLP__NS_PER_MS)
#define OTLP__LOG_DELAY_NS      (1000ull * OTLP__NS_PER_MS)
#define OTLP__EXPORTER_SHARE_OF_NS                                                                 \
    10u /* of a shutdown's time-out is left for the exporter: 1/10                                 \
         */

struct otlp__processor_ops {
    /* Takes over one reference to an ended item of `bytes` bytes. */
    void (*put)(struct otlp_processor *processor, void *item, size_t bytes);
    void (*counts)(struct otlp_processor *processor, struct otlp_processor_counts *counts);
    int (*force_flush)(struct otlp_processor *processor, uint64_t timeout_ns);
    int (*shutdown)(struct otlp_processor *processor, uint64_t timeout_ns);
    void (*set_batch_size)(struct otlp_processor *processor, size_t items);  /* NULL: no batches */
    void (*set_workers)(struct otlp_processor *processor, unsigned workers); /* NULL: none */
    void (*free)(struct otlp_processor *processor);
};

/* The head of every processor. */
struct otlp_processor {
    const struct otlp__processor_ops *ops;
    enum otlp_signal signal;
    struct otlp_exporter *exporter;
};

/* What an export came to. `encoded` is the encoder's error code; when it is not 0, nothing was
 * sent. Adds delivered, rejected, dropped[] and requests. */
void otlp__count_export(struct otlp_processor_counts *counts, size_t items, int encoded,
                        enum otlp_export_outcome outcome, size_t rejected);

#endif
