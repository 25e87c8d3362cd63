#ifndef OTLP_LOG_INTERNAL_H
#define OTLP_LOG_INTERNAL_H

#include <otlp/log.h>

#include "arena.h"

/*
 * A record whose texts and values are copies in the arena, observed now when that is not given.
 * What a failure leaves behind in the arena is unreachable until its reset. OTLP_EINVAL,
 * OTLP_ENOMEM.
 */
int otlp__log_record_copy(struct otlp__arena *arena, const struct otlp_limits *limits,
                          const struct otlp_log_record *record, struct otlp_log_record *copy);

#endif
