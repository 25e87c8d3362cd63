#include "app/repository.h"
#include "base/memory.h"
#include "base/program.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define GIT_LIMIT_S  60.0
#define GIT_LINE_MAX 255

/* First line that git prints for these arguments, newly allocated; NULL when it fails or prints
 * nothing. */
static char *git_line(const char *const argv[])
{
    const struct program git = {.argv = argv, .limit_s = GIT_LIMIT_S, .output_max = GIT_LINE_MAX};
    struct program_end end;
    program_run(&git, &end);
    size_t length = strcspn(str_text(&end.output), "\n");
    bool fine = end.outcome == PROGRAM_EXITED && end.code == 0 && length > 0;
    char *line = fine ? memory_text_part(end.output.data, length) : NULL;
    program_end_release(&end);
    return line;
}

char *repository_commit(bool *dirty)
{
    static const char *const commit_of[] = {"git", "rev-parse", "--short=12", "HEAD", NULL};
    /* Without locks the index stays as it is. */
    static const char *const changes_of[] = {"git",         "--no-optional-locks",  "status",
                                             "--porcelain", "--untracked-files=no", NULL};
    char *commit = git_line(commit_of);
    if (commit != NULL) {
        char *changes = git_line(changes_of);
        *dirty = changes != NULL;
        free(changes);
    }
    return commit;
}
