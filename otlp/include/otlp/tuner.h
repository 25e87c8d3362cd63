/*
 * The auto-tuner: batch size, workers and compression, adjusted toward stated targets.
 *
 * otlp_tune() decides: a pure function of targets, bounds, the present settings and what was seen
 * since the decision before. It changes one thing at a time, so that the next sample tells what
 * that brought, and says why. An otlp_tuner takes the samples from a batch processor, applies the
 * decisions to it, and keeps a log of them.
 *
 * Compression is a ladder of steps that the caller defines, from none (0) to the strongest: the
 * tuner moves along it, and the caller's hook tells the exporter.
 */
#ifndef OTLP_TUNER_H
#define OTLP_TUNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/processor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is to be reached; 0: no target. */
struct otlp_tuner_targets {
    double items_per_second; /* delivered, at least (or all that is offered, when that is less) */
    uint64_t latency_ns;     /* of one export, at most */
    size_t memory_bytes;     /* of the processor, at most */
    double cpu_share; /* of one CPU, of the whole process, at most: 0.5, or 2.0 for two CPUs */
};

struct otlp_tuner_settings {
    size_t batch_size;
    unsigned workers; /* exports at a time, and so connections */
    unsigned compression;
};

struct otlp_tuner_bounds {
    struct otlp_tuner_settings min;
    struct otlp_tuner_settings max;
};

/* What was seen since the decision before. */
struct otlp_tuner_sample {
    double offered_per_second; /* items that ended */
    double delivered_per_second;
    double dropped_per_second;
    uint64_t latency_ns; /* mean time that the exporter took for a request; 0: there was none */
    size_t memory_bytes;
    double cpu_share;
};

enum otlp_tuner_change {
    OTLP_TUNE_NOTHING,
    OTLP_TUNE_BATCH_SIZE,
    OTLP_TUNE_WORKERS,
    OTLP_TUNE_COMPRESSION,
};

struct otlp_tuner_decision {
    enum otlp_tuner_change change;
    struct otlp_tuner_settings settings; /* from now on */
    const char *reason;                  /* a sentence without a full stop; static text */
};

/*
 * The decision. The first rule that applies and whose change the bounds permit is followed:
 *
 *   memory above its target        smaller batches, else fewer workers
 *   items dropped, or throughput   CPU above its target: weaker compression;
 *   below its target               latency above its target: more workers, else stronger
 *                                  compression; otherwise larger batches, else more workers
 *   latency above its target       smaller batches, else more workers, else stronger compression
 *   CPU above its target           weaker compression, else larger batches, else fewer workers
 *   all met, latency and CPU       larger batches (fewer requests), else stronger compression
 *   below half of theirs           (fewer bytes)
 *
 * Batches change by a fifth, at least by one item; workers and compression by one step. A target
 * counts as missed by more than 5 %. Settings outside of the bounds are brought inside first.
 */
OTLP_API struct otlp_tuner_decision otlp_tune(const struct otlp_tuner_targets *targets,
                                              const struct otlp_tuner_bounds *bounds,
                                              const struct otlp_tuner_settings *settings,
                                              const struct otlp_tuner_sample *sample);

/* Decisions that a tuner remembers. */
#define OTLP_TUNER_LOG 64

struct otlp_tuner_entry {
    uint64_t time_unix_ns;
    struct otlp_tuner_sample sample;
    struct otlp_tuner_settings before;
    struct otlp_tuner_decision decision;
};

/* Called after each step. Applies the compression, may write a log. */
typedef void otlp_tuner_hook(void *user, const struct otlp_tuner_entry *entry);

struct otlp_tuner;

/*
 * A tuner of a batch processor, which outlives it; targets and bounds are copied. It starts from
 * the processor's batch size, bounds->max.workers and bounds->min.compression. hook may be NULL.
 * OTLP_EINVAL: a minimum is above its maximum, or a batch size or number of workers is 0.
 * OTLP_ENOMEM.
 */
OTLP_API int otlp_tuner_new(struct otlp_processor *processor,
                            const struct otlp_tuner_targets *targets,
                            const struct otlp_tuner_bounds *bounds, otlp_tuner_hook *hook,
                            void *user, struct otlp_tuner **tuner);

/* Looks, decides and applies; call it every few seconds, from one thread at a time. The first call
 * only looks. */
OTLP_API void otlp_tuner_step(struct otlp_tuner *tuner);

/* The last decisions, the oldest first: copies up to `max` and returns how many. */
OTLP_API size_t otlp_tuner_log(const struct otlp_tuner *tuner, struct otlp_tuner_entry *entries,
                               size_t max);

/* NULL is allowed. */
OTLP_API void otlp_tuner_free(struct otlp_tuner *tuner);

#ifdef __cplusplus
}
#endif

#endif
