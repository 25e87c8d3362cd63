/* The bar on standard error while benchmarks run: only on a terminal, erased before anything else
 * is printed. */
#ifndef ASSAY_PRESENT_PROGRESS_H
#define ASSAY_PRESENT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    bool shown;   /* whether to draw at all */
    size_t total; /* benchmarks */
    size_t done;
    double seconds_each; /* what one takes, as far as known */
    bool drawn;
};

/* How far the running benchmark is, 0 .. 1, and its id and phase ("warming up"). */
void progress_draw(struct progress *p, const char *id, const char *phase, double part);
/* Removes the bar, if there is one. */
void progress_erase(struct progress *p);

#endif
