#include "base/program.h"
#include "base/children.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)
/* Only the pipes wake the poll: how often to ask whether the program ended without closing them. */
#define ASK_EVERY_MS_MAX 20
/* How long a killed program may take to go; one that hangs in the kernel is then left behind. */
#define LAST_WAIT_NS    NS_PER_S
#define DRAIN_READS_MAX 512
/* Looks, half a millisecond apart, whether the processes of a killed group have gone. */
#define GROUP_LOOKS_MAX 400
#define LIMIT_S_MAX     1e9

/* Standard output or error of the program: the end of the pipe to read, -1 once it is closed. */
struct stream {
    int fd;
    int write_fd;
    size_t max;
    struct str *kept;
};

struct run {
    struct stream streams[2];
    pid_t child;
    bool ended;
    int status;
    bool cut;
    bool interruptible;
    bool interrupted;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t span_ns(double limit_s)
{
    double span_s = limit_s < LIMIT_S_MAX ? limit_s : LIMIT_S_MAX;
    return limit_s > 0 ? (uint64_t)(span_s * 1e9) : 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* 0 or errno. */
static int open_stream(struct stream *stream)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    stream->fd = ends[0];
    stream->write_fd = ends[1];
    return fcntl(stream->fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

/* 0 or an error number, as of all posix_spawn functions. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    short flags = POSIX_SPAWN_SETPGROUP;
    int failed = posix_spawnattr_setpgroup(attributes, 0);
    const sigset_t *before = children_before();
    if (before != NULL && failed == 0) {
        sigset_t defaults;
        sigemptyset(&defaults);
        sigaddset(&defaults, SIGPIPE);
        flags |= POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        failed = posix_spawnattr_setsigmask(attributes, before);
        if (failed == 0) {
            failed = posix_spawnattr_setsigdefault(attributes, &defaults);
        }
    }
    return failed != 0 ? failed : posix_spawnattr_setflags(attributes, flags);
}

/* Making a file a copy of itself takes close-on-exec away. */
static int keep_files(posix_spawn_file_actions_t *actions, const struct program *program)
{
    int failed = 0;
    for (size_t i = 0; i < program->kept_count && failed == 0; i++) {
        failed = posix_spawn_file_actions_adddup2(actions, program->kept[i], program->kept[i]);
    }
    return failed;
}

static int set_files(posix_spawn_file_actions_t *actions, const struct run *run)
{
    int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (failed == 0) {
        failed = posix_spawn_file_actions_adddup2(actions, run->streams[0].write_fd, STDOUT_FILENO);
    }
    if (failed != 0) {
        return failed;
    }
    int errors = run->streams[1].write_fd;
    return errors >= 0
               ? posix_spawn_file_actions_adddup2(actions, errors, STDERR_FILENO)
               : posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
}

static bool is_replaced(const char *variable, const char *const *variables)
{
    size_t name = strcspn(variable, "=") + 1;
    for (size_t i = 0; variables[i] != NULL; i++) {
        if (strncmp(variable, variables[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* To be freed; the texts are not copied. NULL: as it is. */
static char **make_environment(const char *const *variables)
{
    size_t count = 0;
    size_t added = 0;
    while (environ[count] != NULL) {
        count++;
    }
    while (variables != NULL && variables[added] != NULL) {
        added++;
    }
    if (added == 0) {
        return NULL;
    }
    char **made = memory_zeroed(count + added + 1, sizeof *made);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_replaced(environ[i], variables)) {
            made[used++] = environ[i];
        }
    }
    memcpy(made + used, variables, added * sizeof *made);
    return made;
}

static int start(const struct program *program, struct run *run)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed != 0) {
        return failed;
    }
    failed = posix_spawnattr_init(&attributes);
    if (failed == 0) {
        failed = set_attributes(&attributes);
        if (failed == 0) {
            failed = set_files(&actions, run);
        }
        if (failed == 0) {
            failed = keep_files(&actions, program);
        }
        if (failed == 0) {
            char **environment = make_environment(program->variables);
            failed = posix_spawnp(&run->child, program->argv[0], &actions, &attributes,
                                  (char *const *)program->argv,
                                  environment == NULL ? environ : environment);
            free(environment);
        }
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* One read; false when there is nothing now, or never again. */
static bool read_some(struct run *run, struct stream *stream)
{
    char bytes[4096];
    ssize_t n = read(stream->fd, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return errno == EINTR;
    }
    if (n <= 0) {
        close_fd(&stream->fd);
        return false;
    }
    size_t room = stream->max - stream->kept->length;
    size_t fits = (size_t)n < room ? (size_t)n : room;
    str_add_bytes(stream->kept, bytes, fits);
    run->cut = run->cut || fits < (size_t)n;
    return true;
}

/* What the program had written when it ended; a process that it left may write for ever. */
static void drain(struct run *run)
{
    for (size_t i = 0; i < 2; i++) {
        for (int reads = 0; reads < DRAIN_READS_MAX && run->streams[i].fd >= 0; reads++) {
            if (!read_some(run, &run->streams[i])) {
                break;
            }
        }
    }
}

/* 0 or errno: ECHILD when someone else took the status away. */
static int ask_end(struct run *run)
{
    pid_t ended = waitpid(run->child, &run->status, WNOHANG);
    run->ended = ended == run->child;
    return ended < 0 && errno != EINTR ? errno : 0;
}

/* Reads until the program ends, the deadline passes or a signal interrupts. */
static int attend(struct run *run, uint64_t deadline_ns)
{
    for (uint64_t ask_ms = 1;;) {
        int lost = ask_end(run);
        uint64_t now = now_ns();
        if (lost != 0 || run->ended || now >= deadline_ns) {
            return lost;
        }
        if (run->interruptible && children_asked_to_end()) {
            run->interrupted = true;
            return 0;
        }
        struct pollfd polled[2] = {{.fd = run->streams[0].fd, .events = POLLIN},
                                   {.fd = run->streams[1].fd, .events = POLLIN}};
        uint64_t left_ms = (deadline_ns - now) / NS_PER_MS + 1;
        int ready = poll(polled, 2, (int)(left_ms < ask_ms ? left_ms : ask_ms));
        for (size_t i = 0; i < 2 && ready > 0; i++) {
            if (polled[i].revents != 0) {
                read_some(run, &run->streams[i]);
            }
        }
        if (ready == 0 && ask_ms < ASK_EVERY_MS_MAX) {
            ask_ms++;
        }
    }
}

static void judge_end(const struct run *run, struct program_end *end)
{
    end->outcome = WIFSIGNALED(run->status) ? PROGRAM_SIGNALLED : PROGRAM_EXITED;
    end->code = WIFSIGNALED(run->status) ? WTERMSIG(run->status) : WEXITSTATUS(run->status);
}

static void stop(struct run *run)
{
    kill(-run->child, SIGKILL);
    kill(run->child, SIGKILL);
    run->interruptible = false;
    (void)attend(run, now_ns() + LAST_WAIT_NS);
}

/* A killed process is gone a moment later: the caller may count on it. */
static void end_group(pid_t group)
{
    const struct timespec moment = {.tv_nsec = NS_PER_MS / 2};
    for (int i = 0; i < GROUP_LOOKS_MAX && kill(-group, SIGKILL) == 0; i++) {
        nanosleep(&moment, NULL);
    }
}

static void start_and_wait(const struct program *program, struct run *run, struct program_end *end)
{
    uint64_t deadline_ns = now_ns() + span_ns(program->limit_s);
    int failed = open_stream(&run->streams[0]);
    if (failed == 0 && program->errors_max > 0) {
        failed = open_stream(&run->streams[1]);
    }
    if (failed == 0) {
        failed = start(program, run);
    }
    close_fd(&run->streams[0].write_fd);
    close_fd(&run->streams[1].write_fd);
    if (failed == 0) {
        failed = attend(run, deadline_ns);
    }
    if (failed != 0) {
        end->code = failed;
    } else if (run->ended) {
        if (program->ends_group) {
            end_group(run->child);
        }
        drain(run);
        judge_end(run, end);
    } else {
        stop(run);
        end->outcome = run->interrupted ? PROGRAM_INTERRUPTED : PROGRAM_TIMED_OUT;
    }
}

void program_run(const struct program *program, struct program_end *end)
{
    *end = (struct program_end){.outcome = PROGRAM_NOT_STARTED};
    struct run run = {.streams =
                          {
                              {-1, -1, program->output_max, &end->output},
                              {-1, -1, program->errors_max, &end->errors},
                          },
                      .interruptible = program->interruptible};
    start_and_wait(program, &run, end);
    end->cut = run.cut;
    close_fd(&run.streams[0].fd);
    close_fd(&run.streams[1].fd);
}

void program_end_release(struct program_end *end)
{
    str_release(&end->output);
    str_release(&end->errors);
}
