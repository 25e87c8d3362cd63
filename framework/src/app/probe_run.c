#include "app/probe_run.h"
#include "analysis/latency.h"
#include "app/settings.h"
#include "base/memory.h"
#include "measure/bench.h"
#include "measure/counters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WARM_UP_S 0.05
#define MEASURE_S 0.25
#define SEED      1 /* of the order of samples, which no metric depends on */

static void add_latencies(const struct record *record, struct metric_list *metrics)
{
    const struct histogram *h = record->histogram;
    for (size_t i = 0; i < LATENCY_QUANTILES && record->latency.count > 0; i++) {
        char name[METRIC_NAME_BYTES];
        double value = histogram_quantile(h, latency_quantiles[i].q);
        snprintf(name, sizeof name, "latency_%s", latency_quantiles[i].key);
        struct metric *metric = metric_add(metrics, "latency", name, "ns");
        if (ceil(latency_quantiles[i].q * (double)h->count) > (double)(h->count - h->overflow)) {
            metric_deny(metric, "it is among values that the histogram cannot hold");
        } else {
            metric_measure(metric, &value, 1);
        }
    }
}

static void run(struct probe_page *page, const struct plan_case *c, const struct options *options)
{
    struct sampler_plan plan = settings_for_sampling(options, c, 0);
    size_t capacity = sampler_capacity(&plan);
    struct counters_request request = settings_for_counting(options, 0);
    struct record *record = memory_zeroed(1, record_bytes(capacity));
    const char *why = c->entry->skip_if == NULL ? NULL : c->entry->skip_if();
    record->capacity = capacity;
    record->histogram = memory_zeroed(1, sizeof *record->histogram);
    if (why != NULL) {
        record_end(record, RECORD_SKIPPED, why);
    } else {
        bench_run_counting(&c->bench_case, &plan, &request, record);
    }
    page->threads = c->bench_case.threads;
    page->records_latency = record->records_latency;
    page->state = (uint32_t)record->state;
    if (record->state == RECORD_DONE) {
        metric_append(&page->metrics, &record->metrics);
        add_latencies(record, &page->metrics);
    } else {
        snprintf(page->reason, sizeof page->reason, "the benchmark %s in the probe: %.400s",
                 record->state == RECORD_SKIPPED ? "skipped itself" : "failed", record->reason);
    }
    free(record->histogram);
    free(record);
}

void probe_run_short(struct probe_page *page, const struct plan *plan)
{
    struct options options = {.warm_up_time_s = WARM_UP_S,
                              .measurement_time_s = MEASURE_S,
                              .sample_size = SAMPLES_MIN,
                              .sampling_mode = ASSAY_AUTO,
                              .quick = true,
                              .seed = SEED};
    struct error error = {0};
    if (page->events[0] != '\0' && events_parse(page->events, &options.events, &error) != 0) {
        page->state = RECORD_FAILED;
        snprintf(page->reason, sizeof page->reason, "%.*s", (int)sizeof page->reason - 1,
                 error.text);
    } else {
        run(page, &plan->cases[0], &options);
    }
}
