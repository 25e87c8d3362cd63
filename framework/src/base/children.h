/* Signals of a process that starts others and waits for them: their ends, and the user's wish to
 * end it all, are taken one at a time where it waits, never in the midst of something else.
 *
 * Not for several threads: the mask belongs to the one that calls. */
#ifndef ASSAY_BASE_CHILDREN_H
#define ASSAY_BASE_CHILDREN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Blocks the signals that children_wait() takes: SIGCHLD, and SIGINT, SIGTERM and SIGHUP unless
 * they are ignored (as by nohup; they stay so). SIGCHLD gets its default action, SIGPIPE is
 * ignored: a reader of the output that goes away must not end the process. Call it once. */
void children_init(void);

/* The mask from before children_init(), for the attributes of posix_spawn; NULL before it. */
const sigset_t *children_before(void);

/* In a child after fork: that mask, and the default action of SIGPIPE. Does nothing to the mask
 * when children_init() was not called. Async-signal-safe. */
void children_restore_signals(void);

/* While something else runs in this very process: signals act as before children_init(), then are
 * held again. */
void children_let_signals_act(void);
void children_hold_signals(void);

/* Whether an ending signal (SIGINT, SIGTERM or SIGHUP) is held; it stays so. false before
 * children_init(). */
bool children_asked_to_end(void);

/* Waits until a child ends, an ending signal comes or this time is over. 0, or the number of the
 * ending signal (SIGINT, SIGTERM or SIGHUP). 0 says nothing of which child ended, and may come
 * early: ask waitpid() and a clock, and call again. Needs children_init(); without it, it only
 * passes the time. */
int children_wait(uint64_t wait_ns);

#endif
