#include "app/repository.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* First line that a fixed command prints; false when it fails or prints nothing. */
static bool first_line_of(const char *command, char *line, size_t size)
{
    FILE *pipe = popen(command, "re");
    if (pipe == NULL) {
        return false;
    }
    bool read = fgets(line, (int)size, pipe) != NULL;
    char rest[256];
    while (fgets(rest, sizeof rest, pipe) != NULL) {
    }
    int status = pclose(pipe);
    if (!read || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    return true;
}

char *repository_commit(bool *dirty)
{
    char line[128];
    if (!first_line_of("git rev-parse --short=12 HEAD 2>/dev/null", line, sizeof line)) {
        return NULL;
    }
    char *commit = memory_text(line);
    *dirty =
        first_line_of("git status --porcelain --untracked-files=no 2>/dev/null", line, sizeof line);
    return commit;
}
