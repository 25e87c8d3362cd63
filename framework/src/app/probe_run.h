/* The probe that is a short ordinary run (measure/probe.h, PROBE_RUN). */
#ifndef ASSAY_APP_PROBE_RUN_H
#define ASSAY_APP_PROBE_RUN_H

#include "app/plan.h"
#include "measure/probe.h"

/* Wall time that such a run takes, about, when nothing holds it up; starting the process included.
 */
#define PROBE_RUN_S 0.4

/* Runs the first benchmark of the plan and answers on the page: the page's events, then, when the
 * body recorded latencies, "latency_p50", "latency_p90", "latency_p99" and "latency_p99_9" of
 * source "latency". */
void probe_run_short(struct probe_page *page, const struct plan *plan);

#endif
