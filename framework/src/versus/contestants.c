#include "versus/contestants.h"
#include "base/memory.h"
#include "base/program.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELLO_LIMIT_S   20.0
#define HELLO_BYTES_MAX (UINT64_C(64) << 20)
/* Below are the numbers that files have in a worker. */
#define FD_FROM 10

static const char *const side_names[2] = {"old", "new"};

static bool is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static bool is_executable(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

static char *join(const char *folder, const char *name)
{
    struct str path = STR_EMPTY;
    str_format(&path, "%s/%s", folder, name);
    return str_detach(&path);
}

static char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? NULL : memory_text(text);
}

static int read_benchmark(const json_t *item, struct contestant *side)
{
    const char *id = json_string_value(json_object_get(item, "id"));
    json_int_t threads = json_integer_value(json_object_get(item, "threads"));
    if (id == NULL || id[0] == '\0' || strlen(id) >= DUEL_ID_BYTES || threads < 1 ||
        threads > 100000) {
        return -1;
    }
    side->benchmarks = memory_resize(side->benchmarks, side->count + 1, sizeof *side->benchmarks);
    side->benchmarks[side->count++] = (struct contestant_benchmark){
        .id = memory_text(id), .threads = (unsigned)threads, .symbol = text_of(item, "symbol")};
    return 0;
}

static int read_hello(const json_t *hello, struct contestant *side, struct error *error)
{
    const json_t *build = json_object_get(hello, "build");
    const json_t *benchmarks = json_object_get(hello, "benchmarks");
    const json_t *protocol = json_object_get(hello, "worker");
    if (!json_is_integer(protocol) || !json_is_array(benchmarks)) {
        return error_set(error, STATUS_ENVIRONMENT,
                         "%s describes itself in a way that is not understood", side->path);
    }
    if (json_integer_value(protocol) != DUEL_PROTOCOL) {
        return error_set(
            error, STATUS_ENVIRONMENT,
            "%s speaks worker protocol %lld, this assay speaks %d: build both with one "
            "version of Assay",
            side->path, (long long)json_integer_value(protocol), DUEL_PROTOCOL);
    }
    side->suite = text_of(hello, "suite");
    side->compiler = text_of(build, "compiler");
    side->flags = text_of(build, "flags");
    side->variant = text_of(build, "variant");
    json_int_t probes = json_integer_value(json_object_get(hello, "probes"));
    side->probes = probes > 0 && probes <= UINT32_MAX ? (uint32_t)probes : 0;
    for (size_t i = 0; i < json_array_size(benchmarks); i++) {
        if (read_benchmark(json_array_get(benchmarks, i), side) != 0) {
            return error_set(error, STATUS_ENVIRONMENT, "%s describes its benchmark %zu wrongly",
                             side->path, i);
        }
    }
    return 0;
}

static int no_hello(const struct contestant *side, const struct program_end *end,
                    struct error *error)
{
    switch (end->outcome) {
    case PROGRAM_NOT_STARTED:
        return error_set(error, STATUS_ENVIRONMENT, "%s could not be started: %s", side->path,
                         strerror(end->code));
    case PROGRAM_SIGNALLED:
        return error_set(error, STATUS_ENVIRONMENT,
                         "%s crashed with signal %d (%s) when asked what it is", side->path,
                         end->code, strsignal(end->code));
    case PROGRAM_TIMED_OUT:
        return error_set(error, STATUS_ENVIRONMENT,
                         "%s did not say what it is within %.0f s: is it a suite?", side->path,
                         HELLO_LIMIT_S);
    case PROGRAM_INTERRUPTED:
        return error_set(error, STATUS_INTERRUPTED, "interrupted before anything was compared");
    case PROGRAM_EXITED:
        break;
    }
    return error_set(
        error, STATUS_ENVIRONMENT,
        "%s has no worker mode (asked for it, it ended with status %d): it is no suite, "
        "or was built with an older Assay; build it again with this one",
        side->path, end->code);
}

static int ask(struct contestant *side, struct error *error)
{
    /* A name without a slash would be looked for in PATH. */
    char *path = strchr(side->path, '/') == NULL ? join(".", side->path) : memory_text(side->path);
    const char *argv[] = {path, "--worker", "hello", NULL};
    struct program program = {.argv = argv,
                              .limit_s = HELLO_LIMIT_S,
                              .output_max = HELLO_BYTES_MAX,
                              .interruptible = true};
    struct program_end end;
    program_run(&program, &end);
    free(path);
    int code = -1;
    if (end.outcome != PROGRAM_EXITED || end.code != 0) {
        no_hello(side, &end, error);
    } else {
        json_t *hello = json_loadb(str_text(&end.output), end.output.length, 0, NULL);
        if (json_is_object(hello)) {
            code = read_hello(hello, side, error);
        } else {
            no_hello(side, &end, error);
        }
        json_decref(hello);
    }
    program_end_release(&end);
    return code;
}

/* Opens a file under a number that no worker uses. */
static int open_program(const char *path, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_FROM);
    if (moved < 0) {
        int cause = errno == EINVAL ? EMFILE : errno; /* the limit is below FD_FROM */
        error_set(error, STATUS_ENVIRONMENT, "cannot open %s: %s", path, strerror(cause));
    }
    if (fd >= 0) {
        close(fd);
    }
    return moved;
}

static char *layout_path(const char *path, size_t layout)
{
    const char *slash = strrchr(path, '/');
    int folder = slash == NULL ? 1 : (int)(slash - path);
    struct str text = STR_EMPTY;
    str_format(&text, "%.*s/layouts/%zu/%s", folder, slash == NULL ? "." : path, layout,
               slash == NULL ? path : slash + 1);
    return str_detach(&text);
}

static int open_files(struct contestant *side, size_t layouts, struct error *error)
{
    side->fds = memory_zeroed(layouts > 0 ? layouts : 1, sizeof *side->fds);
    if (layouts == 0) {
        side->fds[0] = open_program(side->path, error);
        return side->fds[0] < 0 ? -1 : 0;
    }
    for (size_t i = 0; i < layouts; i++) {
        char *path = layout_path(side->path, i + 1);
        if (!is_executable(path)) {
            error_set(error, STATUS_ENVIRONMENT,
                      "there is no %s: link the layouts first (make layouts LAYOUTS=%zu)", path,
                      layouts);
        } else {
            side->fds[i] = open_program(path, error);
        }
        free(path);
        if (error_is_set(error)) {
            return -1;
        }
        side->layouts = i + 1;
    }
    return 0;
}

static int open_side(const char *path, size_t layouts, struct contestant *side, struct error *error)
{
    side->path = memory_text(path);
    return ask(side, error) == 0 ? open_files(side, layouts, error) : -1;
}

static struct contestant_pair *add_pair(struct contestants *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->pairs[i].name, name) == 0) {
            return &c->pairs[i];
        }
    }
    c->pairs = memory_resize(c->pairs, c->count + 1, sizeof *c->pairs);
    struct contestant_pair *pair = &c->pairs[c->count++];
    *pair = (struct contestant_pair){.name = memory_text(name)};
    return pair;
}

static int is_candidate(const struct dirent *entry)
{
    const char *name = entry->d_name;
    return name[0] != '.' && strcmp(name, "assay") != 0 && strncmp(name, "otlp-", 5) != 0;
}

static int open_folder(const char *folder, enum duel_name side, size_t layouts,
                       struct contestants *c, struct error *error)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_candidate, alphasort);
    size_t found = 0;
    if (count < 0) {
        return error_set(error, STATUS_ENVIRONMENT, "cannot read the folder %s: %s", folder,
                         strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        char *path = join(folder, names[i]->d_name);
        if (!error_is_set(error) && is_executable(path)) {
            found++;
            open_side(path, layouts, &add_pair(c, names[i]->d_name)->side[side], error);
        }
        free(path);
        free(names[i]);
    }
    free(names);
    if (found == 0) {
        error_set(error, STATUS_ENVIRONMENT, "the folder %s has no executable", folder);
    }
    return error_is_set(error) ? -1 : 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct contestant_pair *)a)->name,
                  ((const struct contestant_pair *)b)->name);
}

int contestants_open(const char *old_path, const char *new_path, size_t layouts,
                     struct contestants *c, struct error *error)
{
    const char *const paths[2] = {old_path, new_path};
    *c = (struct contestants){.count = 0};
    for (size_t i = 0; i < 2; i++) {
        struct stat facts;
        if (stat(paths[i], &facts) != 0) {
            return error_set(error, STATUS_USAGE, "%s (the %s side): %s", paths[i], side_names[i],
                             strerror(errno));
        }
        if (!is_folder(paths[i]) && !is_executable(paths[i])) {
            return error_set(error, STATUS_USAGE,
                             "%s (the %s side) is neither an executable nor a folder of them",
                             paths[i], side_names[i]);
        }
    }
    if (is_folder(old_path) != is_folder(new_path)) {
        return error_set(error, STATUS_USAGE,
                         "%s and %s: compare two executables, or two folders of them", old_path,
                         new_path);
    }
    if (!is_folder(old_path)) {
        struct contestant_pair *pair = add_pair(c, old_path);
        return open_side(old_path, layouts, &pair->side[DUEL_OLD], error) == 0
                   ? open_side(new_path, layouts, &pair->side[DUEL_NEW], error)
                   : -1;
    }
    int code = open_folder(old_path, DUEL_OLD, layouts, c, error);
    code = code == 0 ? open_folder(new_path, DUEL_NEW, layouts, c, error) : code;
    if (c->count > 0) {
        qsort(c->pairs, c->count, sizeof *c->pairs, by_name);
    }
    return code;
}

static void release_side(struct contestant *side)
{
    for (size_t i = 0; side->fds != NULL && i < (side->layouts > 0 ? side->layouts : 1); i++) {
        if (side->fds[i] > 0) {
            close(side->fds[i]);
        }
    }
    for (size_t i = 0; i < side->count; i++) {
        free(side->benchmarks[i].id);
        free(side->benchmarks[i].symbol);
    }
    free(side->benchmarks);
    free(side->fds);
    free(side->path);
    free(side->suite);
    free(side->compiler);
    free(side->flags);
    free(side->variant);
}

void contestants_release(struct contestants *c)
{
    for (size_t i = 0; i < c->count; i++) {
        release_side(&c->pairs[i].side[DUEL_OLD]);
        release_side(&c->pairs[i].side[DUEL_NEW]);
        free(c->pairs[i].name);
    }
    free(c->pairs);
    *c = (struct contestants){.count = 0};
}

static bool differ(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) != 0;
}

static int check_fact(const struct contestant_pair *pair, const char *what, const char *old,
                      const char *new_text, struct error *error)
{
    if (!differ(old, new_text)) {
        return 0;
    }
    return error_set(
        error, STATUS_ENVIRONMENT,
        "%s: the two sides were built with different %s, \"%s\" and \"%s\": build both "
        "alike, or say --allow-different-builds to compare the builds",
        pair->name, what, old == NULL ? "not recorded" : old,
        new_text == NULL ? "not recorded" : new_text);
}

int contestants_check_builds(const struct contestants *c, struct error *error)
{
    int code = 0;
    for (size_t i = 0; i < c->count && code == 0; i++) {
        const struct contestant *old = &c->pairs[i].side[DUEL_OLD];
        const struct contestant *new_side = &c->pairs[i].side[DUEL_NEW];
        if (old->path == NULL || new_side->path == NULL) {
            continue;
        }
        code |= check_fact(&c->pairs[i], "compilers", old->compiler, new_side->compiler, error);
        code |= check_fact(&c->pairs[i], "flags", old->flags, new_side->flags, error);
        code |= check_fact(&c->pairs[i], "variants", old->variant, new_side->variant, error);
    }
    return code;
}

const struct contestant_benchmark *contestant_find(const struct contestant *side, const char *id)
{
    for (size_t i = 0; i < side->count; i++) {
        if (strcmp(side->benchmarks[i].id, id) == 0) {
            return &side->benchmarks[i];
        }
    }
    return NULL;
}
