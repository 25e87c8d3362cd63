/* libpfm4, which knows the events of every CPU by the names in its manual. It is loaded when it is
 * first asked, and stays; a machine without it is no error. Not for several threads at once. */
#ifndef ASSAY_MEASURE_LIBPFM_H
#define ASSAY_MEASURE_LIBPFM_H

#include "base/error.h"
#include "measure/event_names.h"

#include <stddef.h>

enum libpfm_answer {
    LIBPFM_KNOWS = 0,
    LIBPFM_KNOWS_NOT, /* the library is there, the event is not */
    LIBPFM_ABSENT
};

/* Fills the event from its name. Otherwise `why` says, in a part of a sentence, what libpfm4
 * complains of or why it is not there. */
enum libpfm_answer libpfm_encode(const char *name, struct event *event, char *why,
                                 size_t why_bytes);

/* The event of this machine's CPU with the nearest name; NULL: none is near. Static text. */
const char *libpfm_nearest(const char *name);

#endif
