#include "versus/pair.h"
#include "base/children.h"
#include "base/memory.h"
#include "measure/clock.h"
#include "versus/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Numbers of the inherited files in the worker. */
#define PAGE_FD    3
#define PROGRAM_FD 4

/* How long a process may take to end after its pair has. */
#define GRACE_NS UINT64_C(2000000000)

/* The stack moves by less than this. */
#define LUCK_STACK_BYTES 4096
/* Limits of the stack from here on, in pages; below 128 MiB the kernel does not look at them. */
#define STACK_LIMIT_BYTES (UINT64_C(256) << 20)
#define LUCK_MAP_PAGES    4096

#define PERSONALITY_ASK 0xffffffffUL

struct running {
    pid_t pid[2];
    bool ended[2];
    bool killed[2]; /* by this process, as it took too long */
    int status[2];
};

int pair_open(struct pair_page *page, struct error *error)
{
    page->duel = duel_create(&page->fd, error);
    return page->duel == NULL ? -1 : 0;
}

void pair_close(struct pair_page *page)
{
    if (page->duel != NULL) {
        duel_unmap(page->duel);
        close(page->fd);
        page->duel = NULL;
    }
}

/* The environment of this process and a variable that moves the stack of the worker by luck. */
static char **make_environment(uint64_t luck)
{
    static char pad[LUCK_STACK_BYTES + 16];
    size_t count = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **copy = memory_zeroed(count + 2, sizeof *copy);
    memcpy(copy, environ, count * sizeof *copy);
    size_t length = (size_t)snprintf(pad, sizeof pad, "ASSAY_PAD=");
    memset(pad + length, 'x', luck % LUCK_STACK_BYTES);
    pad[length + luck % LUCK_STACK_BYTES] = '\0';
    copy[count] = pad;
    return copy;
}

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int page_fd,
                   int program_fd)
{
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    int code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    code |= posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    code |= posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
    code |= posix_spawn_file_actions_adddup2(actions, page_fd, PAGE_FD);
    code |= posix_spawn_file_actions_adddup2(actions, program_fd, PROGRAM_FD);
    code |= posix_spawnattr_setpgroup(attributes, 0);
    code |= posix_spawnattr_setsigmask(attributes, children_before());
    code |= posix_spawnattr_setsigdefault(attributes, &defaults);
    code |= posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                     POSIX_SPAWN_SETSIGDEF);
    return code;
}

/* Both sides are executed under the same path, so that its length moves neither stack. */
static int start(struct pair_page *page, const struct pair_sides *sides, enum duel_name side,
                 pid_t *pid)
{
    char program[] = "/proc/self/fd/4";
    char name[] = "suite";
    char worker[] = "--worker";
    char what[] = "3:old";
    char *arguments[] = {name, worker, what, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (side == DUEL_NEW) {
        memcpy(what, "3:new", sizeof what);
    }
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return ENOMEM;
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    char **environment = make_environment(page->duel->request.luck);
    int code = prepare(&actions, &attributes, page->fd, sides->program[side]);
    if (code == 0) {
        code = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
    }
    free(environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* What a process inherits that decides where it runs and where its memory lies. */
struct inherited {
    bool pinned;
    cpu_set_t cpus;
    bool fixed;
    int personality;
    bool moved;
    struct rlimit stack;
};

bool pair_can_share_luck(void)
{
    int now = personality(PERSONALITY_ASK);
    bool can = now != -1 && personality((unsigned long)(unsigned)now | ADDR_NO_RANDOMIZE) != -1;
    if (can) {
        personality((unsigned long)(unsigned)now);
    }
    return can;
}

/* Libraries and mappings begin below the largest stack that there may be: its limit moves them. */
static void fix_addresses(uint64_t luck, struct inherited *before)
{
    before->personality = personality(PERSONALITY_ASK);
    before->fixed =
        personality((unsigned long)(unsigned)before->personality | ADDR_NO_RANDOMIZE) != -1;
    rlim_t wanted = STACK_LIMIT_BYTES + (rlim_t)((luck >> 12) % LUCK_MAP_PAGES) * 4096;
    if (getrlimit(RLIMIT_STACK, &before->stack) == 0 &&
        (before->stack.rlim_max == RLIM_INFINITY || before->stack.rlim_max >= wanted)) {
        struct rlimit moved = {wanted, before->stack.rlim_max};
        before->moved = setrlimit(RLIMIT_STACK, &moved) == 0;
    }
}

/* A process that has run on two CPUs pays for both when its mappings change (the kernel tells each
 * to forget translations; 15 % of a kernel that maps and unmaps): so it must begin on its CPU. */
static void bequeath(const struct duel_request *request, bool shared_luck, struct inherited *before)
{
    *before = (struct inherited){.pinned = false};
    cpu_set_t cpus;
    if (request->cpu >= 0) {
        CPU_ZERO(&cpus);
        CPU_SET((size_t)request->cpu, &cpus);
    } else {
        cpu_allowed_before(&cpus);
    }
    before->pinned = sched_getaffinity(0, sizeof before->cpus, &before->cpus) == 0 &&
                     sched_setaffinity(0, sizeof cpus, &cpus) == 0;
    if (shared_luck) {
        fix_addresses(request->luck, before);
    }
}

static void take_back(const struct inherited *before)
{
    if (before->pinned) {
        sched_setaffinity(0, sizeof before->cpus, &before->cpus);
    }
    if (before->fixed) {
        personality((unsigned long)(unsigned)before->personality);
    }
    if (before->moved) {
        setrlimit(RLIMIT_STACK, &before->stack);
    }
}

static void say(struct pair_outcome *outcome, enum pair_end end, enum duel_name side,
                const char *reason)
{
    outcome->end = end;
    outcome->side = side;
    snprintf(outcome->reason, sizeof outcome->reason, "%s", reason);
}

static void reap(struct running *r)
{
    for (size_t i = 0; i < 2; i++) {
        if (!r->ended[i] && waitpid(r->pid[i], &r->status[i], WNOHANG) == r->pid[i]) {
            r->ended[i] = true;
            kill(-r->pid[i], SIGKILL); /* whatever it left running */
        }
    }
}

static void stop(struct running *r)
{
    for (size_t i = 0; i < 2; i++) {
        if (!r->ended[i]) {
            kill(-r->pid[i], SIGKILL);
            kill(r->pid[i], SIGKILL);
            while (waitpid(r->pid[i], &r->status[i], 0) < 0 && errno == EINTR) {
            }
            r->ended[i] = true;
            r->killed[i] = true;
        }
    }
}

/* Whether a process has ended before its part of the pair had: the other one cannot go on. */
static bool left_early(const struct duel *d, const struct running *r, enum duel_name side)
{
    return r->ended[side] && d->sides[side].state != DUEL_DONE;
}

/* Waits for both; false when a signal interrupted. */
static bool await_both(struct duel *d, struct running *r, uint64_t limit_ns)
{
    uint64_t deadline = clock_monotonic_ns() + limit_ns;
    for (;;) {
        reap(r);
        if (r->ended[0] && r->ended[1]) {
            return true;
        }
        if (left_early(d, r, DUEL_OLD) || left_early(d, r, DUEL_NEW)) {
            uint64_t grace = clock_monotonic_ns() + GRACE_NS;
            duel_end(d);
            deadline = grace < deadline ? grace : deadline;
        }
        uint64_t now = clock_monotonic_ns();
        if (now >= deadline) {
            stop(r);
            return true;
        }
        if (children_wait(deadline - now) != 0) {
            stop(r);
            return false;
        }
    }
}

/* What the end of one process says; false: nothing against it. */
static bool judge_side(const struct duel *d, const struct running *r, enum duel_name side,
                       struct pair_outcome *outcome)
{
    const struct duel_side *s = &d->sides[side];
    char why[RECORD_REASON_BYTES];
    int status = r->status[side];
    if (s->state == DUEL_SKIPPED || s->state == DUEL_FAILED) {
        say(outcome, s->state == DUEL_SKIPPED ? PAIR_SKIPPED : PAIR_FAILED, side, s->reason);
        return true;
    }
    if (r->killed[side]) {
        return false;
    }
    if (WIFSIGNALED(status)) {
        snprintf(why, sizeof why, "crashed with signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
        say(outcome, PAIR_FAILED, side, why);
        return true;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        snprintf(why, sizeof why, "its process ended with exit status %d", WEXITSTATUS(status));
        say(outcome, PAIR_FAILED, side, why);
        return true;
    }
    if (s->state != DUEL_DONE && s->state != DUEL_STOPPED) {
        say(outcome, PAIR_FAILED, side, "the body ended its process");
        return true;
    }
    return false;
}

static void judge(const struct duel *d, const struct running *r, double limit_s,
                  struct pair_outcome *outcome)
{
    if (judge_side(d, r, DUEL_OLD, outcome) || judge_side(d, r, DUEL_NEW, outcome)) {
        return;
    }
    if (d->lap != DUEL_END || r->killed[DUEL_OLD] || r->killed[DUEL_NEW]) {
        char why[RECORD_REASON_BYTES];
        uint32_t whose = d->lap != DUEL_END ? d->side : r->killed[DUEL_OLD] ? DUEL_OLD : DUEL_NEW;
        enum duel_name side = whose == DUEL_NEW ? DUEL_NEW : DUEL_OLD;
        snprintf(why, sizeof why, "did not end within %.3g s", limit_s);
        say(outcome, PAIR_FAILED, side, why);
        outcome->late = true;
        return;
    }
    outcome->end = PAIR_DONE;
}

/* The one that is set up first is started first. */
static bool start_both(struct pair_page *page, const struct pair_sides *sides, bool shared_luck,
                       struct running *r, struct pair_outcome *outcome)
{
    const struct duel_request *request = &page->duel->request;
    struct inherited before;
    enum duel_name first = request->first == DUEL_OLD ? DUEL_OLD : DUEL_NEW;
    enum duel_name second = first == DUEL_OLD ? DUEL_NEW : DUEL_OLD;
    enum duel_name failed = first;
    bequeath(request, shared_luck, &before);
    int code = start(page, sides, first, &r->pid[first]);
    if (code == 0) {
        failed = second;
        code = start(page, sides, second, &r->pid[second]);
    }
    take_back(&before);
    if (code != 0) {
        char why[RECORD_REASON_BYTES];
        snprintf(why, sizeof why, "its process could not be started: %s", strerror(code));
        say(outcome, PAIR_FAILED, failed, why);
        r->ended[second] = true;
        r->ended[first] = failed == first;
        stop(r);
    }
    return code == 0;
}

void pair_run(struct pair_page *page, const struct pair_sides *sides,
              const struct duel_request *request, bool shared_luck, double limit_s,
              struct pair_outcome *outcome)
{
    uint64_t begun_ns = clock_monotonic_ns();
    uint64_t limit_ns = (uint64_t)(limit_s * 1e9);
    struct duel_request timed = *request;
    struct running r = {.pid = {-1, -1}};
    timed.deadline_ns = begun_ns + limit_ns;
    *outcome = (struct pair_outcome){.end = PAIR_INTERRUPTED};
    duel_begin(page->duel, &timed, sides->id[DUEL_OLD], sides->id[DUEL_NEW]);
    if (!start_both(page, sides, shared_luck, &r, outcome)) {
        return;
    }
    if (await_both(page->duel, &r, limit_ns)) {
        judge(page->duel, &r, limit_s, outcome);
    }
    outcome->pinned = page->duel->sides[0].pinned && page->duel->sides[1].pinned;
    outcome->seconds = (double)(clock_monotonic_ns() - begun_ns) / 1e9;
}
