/* Runs another program to its end and keeps what it prints. Every wait and every buffer has a
 * bound, whatever the program and those that it starts do. */
#ifndef ASSAY_BASE_PROGRAM_H
#define ASSAY_BASE_PROGRAM_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct program {
    /* argv[0] is a path when it has a '/', else a name that is looked for in PATH; ends with
     * NULL. */
    const char *const *argv;
    double limit_s;    /* > 0; it is killed, with its process group, after this long */
    size_t output_max; /* bytes of standard output to keep; the rest is read and thrown away */
    size_t errors_max; /* the same of standard error; 0: it goes to /dev/null */
    bool ends_group;   /* what it leaves running in its process group is killed when it has ended */
    bool interruptible;           /* it is killed as well when children_asked_to_end() */
    const char *const *variables; /* "NAME=value", added to the environment in place of those of the
                                     same name; ends with NULL. NULL: none */
    const int *kept;              /* open files above 2 that it inherits, under the same numbers */
    size_t kept_count;
};

enum program_outcome {
    PROGRAM_NOT_STARTED = 0, /* code: errno */
    PROGRAM_EXITED,          /* code: exit status */
    PROGRAM_SIGNALLED,       /* code: number of the signal that ended it */
    PROGRAM_TIMED_OUT,       /* code: 0 */
    PROGRAM_INTERRUPTED      /* code: 0 */
};

struct program_end {
    enum program_outcome outcome;
    int code;
    struct str output; /* what was kept, also when it timed out; may hold NUL bytes */
    struct str errors;
    bool cut; /* there was more of one of them than is kept */
};

/* Starts the program in a process group of its own, with standard input from /dev/null, the
 * environment (see `variables`) and folder of this process, and the signal mask and SIGPIPE from
 * before children_init() if that was called; waits for its end. Always fills *end: release it.
 *
 * What the program left running is not waited for, nor ended unless `ends_group`, and holds nothing
 * up by keeping the output open. SIGCHLD may be blocked and is then pending afterwards, as are
 * SIGINT and the like that came meanwhile; if it is ignored, no end can be learned: NOT_STARTED
 * with ECHILD. Files 0 to 2 must be open in this process. */
void program_run(const struct program *program, struct program_end *end);

/* Also for one that is all zeros. */
void program_end_release(struct program_end *end);

#endif
