#include "measure/libpfm.h"

#include <stdio.h>

#if __has_include(<perfmon/pfmlib_perf_event.h>)

#include "base/memory.h"
#include "base/nearest.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <perfmon/pfmlib_perf_event.h>

#define LIBRARY "libpfm.so.4"
/* More than any CPU has: an end for a broken library. */
#define NAMES_MAX ((size_t)100000)

struct library {
    bool tried;
    bool ready;
    char why[160]; /* not ready */
    pfm_err_t (*initialize)(void);
    const char *(*strerror)(int code);
    pfm_err_t (*encode)(const char *name, int levels, pfm_os_t os, void *arguments);
    pfm_err_t (*pmu_info)(pfm_pmu_t pmu, pfm_pmu_info_t *info);
    pfm_err_t (*event_info)(int index, pfm_os_t os, pfm_event_info_t *info);
    int (*event_next)(int index);
};

static struct library library;

/* A function's address as C11 wants it: no cast from a pointer to data. */
static bool find(void *handle, const char *name, void *function, size_t bytes)
{
    void *address = dlsym(handle, name);
    memcpy(function, &address, bytes);
    return address != NULL;
}

#define FIND(handle, name, field) find(handle, name, &(field), sizeof(field))

static void load(struct library *l)
{
    l->tried = true;
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *why = dlerror();
        snprintf(l->why, sizeof l->why, "libpfm4 is not there (%s)", why == NULL ? LIBRARY : why);
        return;
    }
    bool whole = FIND(handle, "pfm_initialize", l->initialize) &&
                 FIND(handle, "pfm_strerror", l->strerror) &&
                 FIND(handle, "pfm_get_os_event_encoding", l->encode) &&
                 FIND(handle, "pfm_get_pmu_info", l->pmu_info) &&
                 FIND(handle, "pfm_get_event_info", l->event_info) &&
                 FIND(handle, "pfm_get_event_next", l->event_next);
    if (!whole) {
        snprintf(l->why, sizeof l->why, "the %s that is there is not libpfm4", LIBRARY);
        return;
    }
    pfm_err_t code = l->initialize();
    l->ready = code == PFM_SUCCESS;
    if (!l->ready) {
        snprintf(l->why, sizeof l->why, "libpfm4 does not start (%s)", l->strerror(code));
    }
}

static const struct library *get(void)
{
    if (!library.tried) {
        load(&library);
    }
    return &library;
}

enum libpfm_answer libpfm_encode(const char *name, struct event *event, char *why, size_t why_bytes)
{
    const struct library *l = get();
    if (!l->ready) {
        snprintf(why, why_bytes, "%s", l->why);
        return LIBPFM_ABSENT;
    }
    struct perf_event_attr attr;
    memset(&attr, 0, sizeof attr);
    pfm_perf_encode_arg_t arguments = {.attr = &attr, .size = sizeof arguments, .cpu = -1};
    pfm_err_t code = l->encode(name, PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT, &arguments);
    if (code != PFM_SUCCESS) {
        snprintf(why, why_bytes, "%s", l->strerror(code));
        return LIBPFM_KNOWS_NOT;
    }
    *event = (struct event){.type = attr.type,
                            .config = attr.config,
                            .config1 = attr.config1,
                            .config2 = attr.config2,
                            .user = !attr.exclude_user,
                            .kernel = !attr.exclude_kernel,
                            .has_levels = attr.exclude_user || attr.exclude_kernel};
    snprintf(event->name, sizeof event->name, "%s", name);
    return LIBPFM_KNOWS;
}

/* The names of every event of this machine's PMUs; free the array. */
static const char **list_names(const struct library *l, size_t *count)
{
    const char **names = NULL;
    size_t room = 0;
    *count = 0;
    for (int pmu = PFM_PMU_NONE; pmu < PFM_PMU_MAX; pmu++) {
        pfm_pmu_info_t about = {.size = sizeof about};
        if (l->pmu_info((pfm_pmu_t)pmu, &about) != PFM_SUCCESS || !about.is_present) {
            continue;
        }
        for (int at = about.first_event; at != -1 && *count < NAMES_MAX; at = l->event_next(at)) {
            pfm_event_info_t info = {.size = sizeof info};
            if (l->event_info(at, PFM_OS_PERF_EVENT, &info) != PFM_SUCCESS) {
                continue;
            }
            if (*count == room) {
                room = 2 * room + 256;
                names = memory_resize(names, room, sizeof *names);
            }
            names[(*count)++] = info.name;
        }
    }
    return names;
}

/* Events are in capitals, and are found in any. */
static void make_capitals(char *word)
{
    for (size_t i = 0; word[i] != '\0'; i++) {
        word[i] = word[i] >= 'a' && word[i] <= 'z' ? (char)(word[i] - 'a' + 'A') : word[i];
    }
}

const char *libpfm_nearest(const char *name)
{
    const struct library *l = get();
    char word[METRIC_NAME_BYTES];
    if (!l->ready) {
        return NULL;
    }
    snprintf(word, sizeof word, "%.*s", (int)strcspn(name, ":"), name);
    make_capitals(word);
    size_t count;
    const char **names = list_names(l, &count);
    const char *nearest = nearest_word(word, names, count);
    free(names);
    /* The event is right, what follows the colon is not. */
    return nearest != NULL && strcmp(nearest, word) == 0 ? NULL : nearest;
}

#else

enum libpfm_answer libpfm_encode(const char *name, struct event *event, char *why, size_t why_bytes)
{
    (void)name;
    (void)event;
    snprintf(why, why_bytes, "this program was built without libpfm4");
    return LIBPFM_ABSENT;
}

const char *libpfm_nearest(const char *name)
{
    (void)name;
    return NULL;
}

#endif
