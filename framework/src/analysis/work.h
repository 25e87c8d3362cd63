/* What instruction counts say of two versions of a benchmark, beside its time.
 *
 * A count does not depend on the machine's state nor on where code lies in memory. Where data lies
 * can change it: string functions of the C library take other paths for other alignments. When the
 * time changed, it tells why: the kernel does more work, or the same work more slowly (caches,
 * branches, layout). */
#ifndef ASSAY_ANALYSIS_WORK_H
#define ASSAY_ANALYSIS_WORK_H

#include "analysis/gate.h"

/* Part by which a count must change to explain a change of the time. */
#define WORK_WITNESS 0.002

enum work {
    WORK_UNKNOWN = 0, /* a side has no count */
    WORK_SAME,
    WORK_MORE,
    WORK_LESS,
    WORK_VARIES /* the counts differ from lap to lap, and their ranges overlap */
};

/* `least`: part of the old count by which the new one must differ to be called more or less; 0: by
 * anything. */
enum work work_judge(const struct metric_pair *pair, double least);

/* "unknown", "same", "more", "less", "varies". */
const char *work_name(enum work work);

#endif
