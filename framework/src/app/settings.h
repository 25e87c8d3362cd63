/* From the command line and a benchmark's own wishes to what measuring and analysis are told. */
#ifndef ASSAY_APP_SETTINGS_H
#define ASSAY_APP_SETTINGS_H

#include "analysis/analysis.h"
#include "app/options.h"
#include "app/plan.h"
#include "measure/sampler.h"

/* An explicit option wins over the benchmark's field, the field over the option's default.
 * `share_s` > 0 is the part of a time budget that this benchmark may use, all told. */
struct sampler_plan settings_for_sampling(const struct options *options, const struct plan_case *c,
                                          double share_s);

/* `stream` is the benchmark's id. */
struct analysis_settings settings_for_analysis(const struct options *options, const char *stream);

/* What is to be counted; share_s as above. The options must outlive it. */
struct counters_request settings_for_counting(const struct options *options, double share_s);

#endif
