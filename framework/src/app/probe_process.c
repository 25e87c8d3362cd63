#include "app/probe_process.h"
#include "base/program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX    24
#define ERRORS_BYTES 4096
#define FILE_WORD    32
#define NUMBER_WORD  8 /* characters of a file's number */

#define SAY(page, ...) snprintf((page)->reason, sizeof(page)->reason, __VA_ARGS__)

static struct probe_page *ask(const struct probe_job *job, int *fd, struct probe_page *answer)
{
    struct error error = {0};
    struct probe_page *page = probe_page_create(fd, &error);
    if (page == NULL) {
        SAY(answer, "%.*s", (int)sizeof answer->reason - 1, error.text);
        return NULL;
    }
    page->kind = (uint32_t)job->kind;
    page->cpu = (int32_t)job->cpu;
    page->iterations = job->iterations;
    page->asked_threads = job->asked_threads;
    snprintf(page->id, sizeof page->id, "%s", job->id);
    snprintf(page->events, sizeof page->events, "%s", job->events == NULL ? "" : job->events);
    return page;
}

/* The last line that it wrote to standard error: most programs end with what was wrong. */
static const char *last_line(struct str *text)
{
    while (text->length > 0 && text->data[text->length - 1] == '\n') {
        text->data[--text->length] = '\0';
    }
    const char *all = str_text(text);
    const char *line = strrchr(all, '\n');
    return line == NULL ? all : line + 1;
}

/* Why the page has no counts; in the order in which a user would ask. */
static void explain(const struct probe_job *job, const struct probe_launch *launch,
                    struct program_end *end, struct probe_page *page)
{
    char said[sizeof page->reason];
    bool known = page->state == RECORD_FAILED || page->state == RECORD_SKIPPED;
    const char *starter = launch->prefix == NULL ? NULL : launch->prefix[0];
    if (end->outcome == PROGRAM_NOT_STARTED && end->code == ENOENT && starter != NULL) {
        SAY(page, "%s is not installed (apt install %s)", starter, starter);
    } else if (end->outcome == PROGRAM_NOT_STARTED) {
        SAY(page, "its process could not be started: %s", strerror(end->code));
    } else if (end->outcome == PROGRAM_TIMED_OUT) {
        SAY(page, "its process did not end within %g s", job->limit_s);
    } else if (end->outcome == PROGRAM_SIGNALLED && end->code == SIGILL && starter != NULL) {
        SAY(page, "it uses an instruction that %s does not know, such as those of AVX-512",
            starter);
    } else if (end->outcome == PROGRAM_SIGNALLED) {
        SAY(page, "its process ended with signal %d (%s)", end->code, strsignal(end->code));
    } else if (known) {
        return;
    } else if (page->answered == 0 && starter != NULL) {
        snprintf(said, sizeof said, "%s", last_line(&end->errors));
        SAY(page, "%s ended with exit status %d before the benchmark began%s%.200s", starter,
            end->code, said[0] == '\0' ? "" : ": ", said);
    } else if (page->answered == 0) {
        snprintf(said, sizeof said, "%s", last_line(&end->errors));
        SAY(page, "the executable has no probes: it ended with exit status %d%s%.200s", end->code,
            said[0] == '\0' ? "" : ": ", said);
    } else {
        SAY(page, "the body ended its process with exit status %d", end->code);
    }
}

/* Words of the same length whatever numbers files have: they lie on the stack of the process, and
 * where on a page its frames are may decide what copying from them costs. */
static void name_program(int program, char path[FILE_WORD])
{
    static const char slashes[] = "//////////";
    int digits = snprintf(NULL, 0, "%d", program);
    snprintf(path, FILE_WORD, "/proc/self/fd%.*s%d", NUMBER_WORD + 1 - digits, slashes, program);
}

static enum probe_outcome run(const struct probe_job *job, const struct probe_launch *launch,
                              int fd, const struct probe_page *page, struct probe_page *answer)
{
    char path[FILE_WORD];
    char what[32];
    const char *argv[WORDS_MAX + 4];
    size_t words = 0;
    for (size_t i = 0; launch->prefix != NULL && launch->prefix[i] != NULL && i < WORDS_MAX; i++) {
        argv[words++] = launch->prefix[i];
    }
    name_program(job->program, path);
    snprintf(what, sizeof what, "%0*d:probe", NUMBER_WORD, fd);
    argv[words++] = path;
    argv[words++] = "--worker";
    argv[words++] = what;
    argv[words] = NULL;
    const int kept[] = {fd, job->program, launch->library};
    struct program program = {.argv = argv,
                              .limit_s = job->limit_s,
                              .errors_max = ERRORS_BYTES,
                              .ends_group = true,
                              .interruptible = true,
                              .variables = launch->variables,
                              .kept = kept,
                              .kept_count = launch->library < 0 ? 2 : 3};
    struct program_end end;
    program_run(&program, &end);
    *answer = *page;
    enum probe_outcome outcome = PROBE_COUNTED;
    if (end.outcome == PROGRAM_INTERRUPTED) {
        outcome = PROBE_INTERRUPTED;
    } else if (end.outcome != PROGRAM_EXITED || end.code != 0 || answer->state != RECORD_DONE) {
        outcome = PROBE_DENIED;
        explain(job, launch, &end, answer);
    }
    program_end_release(&end);
    return outcome;
}

enum probe_outcome probe_process_run(const struct probe_job *job, const struct probe_launch *launch,
                                     struct probe_page *page)
{
    int fd = -1;
    memset(page, 0, sizeof *page);
    struct probe_page *shared = ask(job, &fd, page);
    if (shared == NULL) {
        return PROBE_DENIED;
    }
    enum probe_outcome outcome = run(job, launch, fd, shared, page);
    probe_page_unmap(shared);
    close(fd);
    return outcome;
}
