/* The simple processor: the thread that ends an item encodes and sends it, under a lock. */
#include "pipeline/processor_internal.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/batch_encode.h"
#include "pipeline/batch_internal.h"
#include "pipeline/item.h"

struct simple {
    struct otlp_processor base;
    uint64_t export_timeout_ns;
    struct otlp__forked forked;
    struct otlp__gate gate; /* closed while an item is sent */
    bool is_shut_down;
    struct otlp__batch_encoder encoder;
    struct otlp_processor_counts counts;
};

/* After fork() the gate may be closed by a thread that the child does not have, in the middle of
 * using the encoder: both are made anew. */
static void start_afresh(struct otlp__forked *forked)
{
    struct simple *simple =
        (struct simple *)(void *)((char *)forked - offsetof(struct simple, forked));
    memset(&simple->gate, 0, sizeof simple->gate);
    memset(&simple->encoder, 0, sizeof simple->encoder);
    memset(&simple->counts, 0, sizeof simple->counts);
}

/* The time-out holds although another thread is sending. */
static int lock_until(struct simple *simple, uint64_t deadline_ns)
{
    return otlp__gate_close(&simple->gate, deadline_ns) ? 0 : OTLP_ETIMEOUT;
}

static void put(struct otlp_processor *processor, void *item, size_t bytes)
{
    (void)bytes;
    struct simple *simple = (struct simple *)processor;
    (void)otlp__gate_close(&simple->gate, OTLP__FOREVER);
    simple->counts.ended++;
    if (simple->is_shut_down) {
        simple->counts.dropped[OTLP_DROPPED_SHUT_DOWN]++;
    } else {
        struct otlp_export_result result = {.outcome = OTLP_EXPORT_FAILED};
        enum otlp_export_outcome outcome = OTLP_EXPORT_FAILED;
        int rc = otlp__batch_encode(&simple->encoder, processor->signal,
                                    processor->exporter->encoding, &item, 1);
        if (rc == 0) {
            const struct otlp_export request = {
                .signal = processor->signal,
                .data = simple->encoder.request.data,
                .data_len = simple->encoder.request.len,
                .items = 1,
                .timeout_ns = simple->export_timeout_ns,
            };
            outcome = otlp_exporter_send(processor->exporter, &request, &result);
        }
        otlp__count_export(&simple->counts, 1, rc, outcome, result.rejected);
    }
    otlp__gate_open(&simple->gate);
    otlp__item_release(processor->signal, item);
}

static void get_counts(struct otlp_processor *processor, struct otlp_processor_counts *counts)
{
    struct simple *simple = (struct simple *)processor;
    (void)otlp__gate_close(&simple->gate, OTLP__FOREVER);
    *counts = simple->counts;
    counts->batch_size = 1;
    otlp__gate_open(&simple->gate);
}

static int force_flush(struct otlp_processor *processor, uint64_t timeout_ns)
{
    struct simple *simple = (struct simple *)processor;
    uint64_t deadline_ns = otlp__deadline_ns(timeout_ns);
    int rc = lock_until(simple, deadline_ns);
    if (rc != 0) {
        return rc;
    }
    bool is_shut_down = simple->is_shut_down;
    otlp__gate_open(&simple->gate);
    return is_shut_down ? 0 : otlp_exporter_flush(processor->exporter, otlp__left_ns(deadline_ns));
}

/* An export under way is cut off by the exporter when the time-out is over nine tenths. */
static int shut_down(struct otlp_processor *processor, uint64_t timeout_ns)
{
    struct simple *simple = (struct simple *)processor;
    uint64_t deadline_ns = otlp__deadline_ns(timeout_ns);
    int waited = lock_until(simple, deadline_ns - timeout_ns / OTLP__EXPORTER_SHARE_OF_NS);
    if (waited == 0) {
        bool is_first = !simple->is_shut_down;
        simple->is_shut_down = true;
        otlp__gate_open(&simple->gate);
        if (!is_first) {
            return 0;
        }
    }
    int rc = otlp_exporter_shutdown(processor->exporter, otlp__left_ns(deadline_ns));
    if (waited != 0 && lock_until(simple, deadline_ns) == 0) {
        simple->is_shut_down = true;
        otlp__gate_open(&simple->gate);
    }
    return waited != 0 ? OTLP_ETIMEOUT : rc;
}

static void free_simple(struct otlp_processor *processor)
{
    struct simple *simple = (struct simple *)processor;
    (void)shut_down(processor, 0);
    otlp__forked_remove(&simple->forked);
    (void)otlp__gate_close(&simple->gate, OTLP__FOREVER);
    otlp__batch_encoder_release(&simple->encoder);
    otlp__gate_open(&simple->gate);
    free(simple);
}

int otlp_simple_processor_new(enum otlp_signal signal, struct otlp_exporter *exporter,
                              uint64_t export_timeout_ns, struct otlp_processor **processor)
{
    static const struct otlp__processor_ops ops = {
        .put = put,
        .counts = get_counts,
        .force_flush = force_flush,
        .shutdown = shut_down,
        .free = free_simple,
    };
    if (signal != OTLP_TRACES && signal != OTLP_LOGS) {
        return OTLP_EINVAL;
    }
    struct simple *simple = calloc(1, sizeof *simple);
    if (simple == NULL) {
        return OTLP_ENOMEM;
    }
    simple->base = (struct otlp_processor){&ops, signal, exporter};
    simple->export_timeout_ns =
        export_timeout_ns != 0 ? export_timeout_ns : OTLP__EXPORT_TIMEOUT_NS;
    simple->forked.in_child = start_afresh;
    if (otlp__forked_add(&simple->forked) != 0) {
        free(simple);
        return OTLP_ENOMEM;
    }
    *processor = &simple->base;
    return 0;
}
