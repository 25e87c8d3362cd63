#include "app/results_folder.h"
#include "base/file.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RUNS_A_SECOND_MAX 1000

char *results_folder_choose(const char *started_utc, const char *commit, const char *document)
{
    struct str path = STR_EMPTY;
    str_add(&path, "results/");
    for (const char *c = started_utc; *c != '\0'; c++) {
        if (*c != '-' && *c != ':') {
            str_add_char(&path, *c);
        }
    }
    str_format(&path, "-%s", commit == NULL ? "nogit" : commit);
    /* A second run within the second gets a folder of its own. */
    size_t length = path.length;
    for (int n = 2; n <= RUNS_A_SECOND_MAX; n++) {
        struct str file = STR_EMPTY;
        str_format(&file, "%s/%s", str_text(&path), document);
        bool taken = file_exists(str_text(&file));
        str_release(&file);
        if (!taken) {
            break;
        }
        path.length = length;
        str_format(&path, "-%d", n);
    }
    return str_detach(&path);
}

void results_folder_mark_latest(const char *folder)
{
    struct str temporary = STR_EMPTY;
    str_format(&temporary, "results/latest.tmp.%ld", (long)getpid());
    if (symlink(strrchr(folder, '/') + 1, str_text(&temporary)) == 0 &&
        rename(str_text(&temporary), "results/latest") != 0) {
        unlink(str_text(&temporary));
    }
    str_release(&temporary);
}
