#include "app/repository.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool start_git(char *const arguments[], int output, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    bool started =
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawnp(child, "git", &actions, NULL, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return started;
}

/* Reads to the end, so that git is not stopped by a full pipe; keeps what fits. */
static size_t read_all(int fd, char *text, size_t size)
{
    char rest[4096] = {0};
    size_t length = 0;
    for (;;) {
        bool fits = length + 1 < size;
        ssize_t n = read(fd, fits ? text + length : rest, fits ? size - 1 - length : sizeof rest);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            text[length] = '\0';
            return length;
        }
        length += fits ? (size_t)n : 0;
    }
}

/* First line that git prints for these arguments; false when it fails or prints nothing. */
static bool git_line(char *const arguments[], char *line, size_t size)
{
    int ends[2];
    pid_t child;
    int status = -1;
    line[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    bool started = start_git(arguments, ends[1], &child);
    close(ends[1]);
    if (started) {
        read_all(ends[0], line, size);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    close(ends[0]);
    line[strcspn(line, "\n")] = '\0';
    return started && WIFEXITED(status) && WEXITSTATUS(status) == 0 && line[0] != '\0';
}

char *repository_commit(bool *dirty)
{
    char head[] = "HEAD";
    char git[] = "git";
    char rev_parse[] = "rev-parse";
    char shorten[] = "--short=12";
    char no_locks[] = "--no-optional-locks"; /* the index stays as it is */
    char status[] = "status";
    char porcelain[] = "--porcelain";
    char tracked[] = "--untracked-files=no";
    char *commit_of[] = {git, rev_parse, shorten, head, NULL};
    char *changes_of[] = {git, no_locks, status, porcelain, tracked, NULL};
    char line[256];
    if (!git_line(commit_of, line, sizeof line)) {
        return NULL;
    }
    char *commit = memory_text(line);
    *dirty = git_line(changes_of, line, sizeof line);
    return commit;
}
