#include "app/probe_valgrind.h"
#include "base/memory.h"
#include "base/str.h"
#include "measure/callgrind.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The environment is filled up to a multiple of this: frames then lie at the same place on a page.
 */
#define PAGE_BYTES 4096

#define FILLER_VARIABLE "ASSAY_FILLER"
#define EVEN_VARIABLE   "ASSAY_EVEN="

static int make_folder(struct str *folder, struct probe_page *page)
{
    const char *temporary = getenv("TMPDIR");
    struct str template = STR_EMPTY;
    str_format(&template, "%s/assay-counts-XXXXXX",
               temporary == NULL || temporary[0] == '\0' ? "/tmp" : temporary);
    char *made = mkdtemp(template.data);
    char *absolute = made == NULL ? NULL : realpath(made, NULL);
    if (absolute == NULL) {
        snprintf(page->reason, sizeof page->reason, "no temporary folder %.200s could be made: %s",
                 str_text(&template), strerror(errno));
    } else {
        str_add(folder, absolute);
    }
    free(absolute);
    str_release(&template);
    return absolute == NULL ? -1 : 0;
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    rmdir(path);
}

/* Callgrind's names of files know "%p" and the like. */
static void add_file_option(struct str *option, const char *file)
{
    str_add(option, "--callgrind-out-file=");
    for (const char *c = file; *c != '\0'; c++) {
        str_add(option, *c == '%' ? "%%" : (const char[]){*c, '\0'});
    }
}

/* What a variable takes on the stack of a process: its text, and the pointer to it. */
static size_t stack_bytes(const char *variable)
{
    return strlen(variable) + 1 + sizeof(char *);
}

static bool is_own(const char *variable)
{
    return strncmp(variable, CALLGRIND_FILE_VARIABLE "=", sizeof CALLGRIND_FILE_VARIABLE) == 0 ||
           strncmp(variable, FILLER_VARIABLE "=", sizeof FILLER_VARIABLE) == 0 ||
           strcmp(variable, EVEN_VARIABLE) == 0;
}

/* Variables that make the environment as large as any other: the same bytes modulo a page, and an
 * even number of pointers. `filler` holds the text of one of them. */
static void fill_up(const char *file_variable, struct str *filler, const char *variables[4])
{
    size_t count = 2;
    size_t bytes = stack_bytes(file_variable) + stack_bytes(FILLER_VARIABLE "=");
    size_t next = 0;
    for (char **variable = environ; *variable != NULL; variable++) {
        if (!is_own(*variable)) {
            bytes += stack_bytes(*variable);
            count++;
        }
    }
    variables[next++] = file_variable;
    if (count % 2 != 0) {
        bytes += stack_bytes(EVEN_VARIABLE);
        variables[next++] = EVEN_VARIABLE;
    }
    str_add(filler, FILLER_VARIABLE "=");
    for (size_t left = (PAGE_BYTES - bytes % PAGE_BYTES) % PAGE_BYTES; left > 0; left--) {
        str_add_char(filler, '.');
    }
    variables[next++] = str_text(filler);
    variables[next] = NULL;
}

static enum probe_outcome run(const struct probe_job *job, const char *folder,
                              struct probe_page *page)
{
    struct str file = STR_EMPTY;
    struct str option = STR_EMPTY;
    struct str filler = STR_EMPTY;
    const char *variables[4];
    str_format(&file, "%s=%s/counts", CALLGRIND_FILE_VARIABLE, folder);
    add_file_option(&option, strchr(str_text(&file), '=') + 1);
    fill_up(str_text(&file), &filler, variables);
    const char *const prefix[] = {"valgrind",
                                  "--tool=callgrind",
                                  "--command-line-only=yes",
                                  "--collect-atstart=no",
                                  "--instr-atstart=no",
                                  "--dump-line=no",
                                  "--fair-sched=yes",
                                  "--vgdb=no",
                                  "--quiet",
                                  str_text(&option),
                                  NULL};
    const struct probe_launch launch = {.prefix = prefix, .variables = variables, .library = -1};
    enum probe_outcome outcome = probe_process_run(job, &launch, page);
    str_release(&file);
    str_release(&option);
    str_release(&filler);
    return outcome;
}

enum probe_outcome probe_valgrind_run(const struct probe_job *job, struct probe_page *page)
{
    struct str folder = STR_EMPTY;
    enum probe_outcome outcome = PROBE_DENIED;
    memset(page, 0, sizeof *page);
    if (make_folder(&folder, page) == 0) {
        outcome = run(job, str_text(&folder), page);
        remove_folder(str_text(&folder));
    }
    str_release(&folder);
    return outcome;
}
