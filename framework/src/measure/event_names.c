#include "measure/event_names.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/str.h"
#include "measure/libpfm.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *name;
    uint32_t type;
    uint64_t config;
    bool other; /* another word for the row before */
};

#define HARDWARE(name, code)                                                                       \
    {                                                                                              \
        name, PERF_TYPE_HARDWARE, PERF_COUNT_HW_##code, false                                      \
    }
#define OTHER_HARDWARE(name, code)                                                                 \
    {                                                                                              \
        name, PERF_TYPE_HARDWARE, PERF_COUNT_HW_##code, true                                       \
    }
#define SOFTWARE(name, code)                                                                       \
    {                                                                                              \
        name, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##code, false                                      \
    }
#define OTHER_SOFTWARE(name, code)                                                                 \
    {                                                                                              \
        name, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##code, true                                       \
    }

/* As perf(1) calls them. */
static const struct row general[] = {
    HARDWARE("cycles", CPU_CYCLES),
    OTHER_HARDWARE("cpu-cycles", CPU_CYCLES),
    HARDWARE("instructions", INSTRUCTIONS),
    HARDWARE("branches", BRANCH_INSTRUCTIONS),
    OTHER_HARDWARE("branch-instructions", BRANCH_INSTRUCTIONS),
    HARDWARE("branch-misses", BRANCH_MISSES),
    HARDWARE("cache-references", CACHE_REFERENCES),
    HARDWARE("cache-misses", CACHE_MISSES),
    HARDWARE("bus-cycles", BUS_CYCLES),
    HARDWARE("ref-cycles", REF_CPU_CYCLES),
    HARDWARE("stalled-cycles-frontend", STALLED_CYCLES_FRONTEND),
    OTHER_HARDWARE("idle-cycles-frontend", STALLED_CYCLES_FRONTEND),
    HARDWARE("stalled-cycles-backend", STALLED_CYCLES_BACKEND),
    OTHER_HARDWARE("idle-cycles-backend", STALLED_CYCLES_BACKEND),
    SOFTWARE("page-faults", PAGE_FAULTS),
    OTHER_SOFTWARE("faults", PAGE_FAULTS),
    SOFTWARE("minor-faults", PAGE_FAULTS_MIN),
    SOFTWARE("major-faults", PAGE_FAULTS_MAJ),
    SOFTWARE("context-switches", CONTEXT_SWITCHES),
    OTHER_SOFTWARE("cs", CONTEXT_SWITCHES),
    SOFTWARE("cpu-migrations", CPU_MIGRATIONS),
    OTHER_SOFTWARE("migrations", CPU_MIGRATIONS),
    SOFTWARE("task-clock", TASK_CLOCK),
    SOFTWARE("cpu-clock", CPU_CLOCK),
    SOFTWARE("alignment-faults", ALIGNMENT_FAULTS),
    SOFTWARE("emulation-faults", EMULATION_FAULTS),
};

#define GENERAL (sizeof general / sizeof general[0])

/* What perf(1) asks of each cache: a bit an operation. */
static const struct cache {
    const char *name;
    uint64_t id;
    unsigned operations;
} caches[] = {
    {"L1-dcache", PERF_COUNT_HW_CACHE_L1D, 7}, {"L1-icache", PERF_COUNT_HW_CACHE_L1I, 5},
    {"LLC", PERF_COUNT_HW_CACHE_LL, 7},        {"dTLB", PERF_COUNT_HW_CACHE_DTLB, 7},
    {"iTLB", PERF_COUNT_HW_CACHE_ITLB, 1},     {"branch", PERF_COUNT_HW_CACHE_BPU, 1},
    {"node", PERF_COUNT_HW_CACHE_NODE, 7},
};

static const struct operation {
    const char *all;
    const char *missed;
    uint64_t id;
} operations[] = {
    {"loads", "load-misses", PERF_COUNT_HW_CACHE_OP_READ},
    {"stores", "store-misses", PERF_COUNT_HW_CACHE_OP_WRITE},
    {"prefetches", "prefetch-misses", PERF_COUNT_HW_CACHE_OP_PREFETCH},
};

#define CACHES     (sizeof caches / sizeof caches[0])
#define OPERATIONS (sizeof operations / sizeof operations[0])

/* All that is known without libpfm4. */
struct catalogue {
    size_t count;
    struct event events[GENERAL + CACHES * OPERATIONS * 2];
};

static void add_known(struct catalogue *c, uint32_t type, uint64_t config, const char *name,
                      const char *rest)
{
    struct event *event = &c->events[c->count++];
    *event = (struct event){.type = type, .config = config, .user = true, .kernel = true};
    snprintf(event->name, sizeof event->name, "%s%s%s", name, rest[0] == '\0' ? "" : "-", rest);
}

static struct catalogue *make_catalogue(void)
{
    struct catalogue *c = memory_zeroed(1, sizeof *c);
    for (size_t i = 0; i < GENERAL; i++) {
        add_known(c, general[i].type, general[i].config, general[i].name, "");
    }
    for (size_t i = 0; i < CACHES * OPERATIONS; i++) {
        const struct cache *cache = &caches[i / OPERATIONS];
        const struct operation *operation = &operations[i % OPERATIONS];
        uint64_t config = cache->id | operation->id << 8;
        if ((cache->operations >> operation->id & 1) != 0) {
            add_known(c, PERF_TYPE_HW_CACHE, config, cache->name, operation->all);
            config |= (uint64_t)PERF_COUNT_HW_CACHE_RESULT_MISS << 16;
            add_known(c, PERF_TYPE_HW_CACHE, config, cache->name, operation->missed);
        }
    }
    return c;
}

static const char *nearest_known(const struct catalogue *c, const char *name)
{
    const char *names[sizeof c->events / sizeof c->events[0]];
    for (size_t i = 0; i < c->count; i++) {
        names[i] = c->events[i].name;
    }
    return nearest_word(name, names, c->count);
}

static void add_general_names(struct str *out)
{
    for (size_t i = 0; i < GENERAL; i++) {
        if (!general[i].other) {
            str_format(out, "%s, ", general[i].name);
        }
    }
    for (size_t i = 0; i < CACHES; i++) {
        str_format(out, "%s%s-loads and -load-misses", i == 0 ? "" : ", ", caches[i].name);
    }
}

static int refuse(const struct catalogue *c, const char *name, enum libpfm_answer answer,
                  const char *why, struct error *error)
{
    const char *near = nearest_known(c, name);
    if (near == NULL && answer == LIBPFM_KNOWS_NOT) {
        near = libpfm_nearest(name);
    }
    if (near != NULL) {
        return error_set(error, STATUS_USAGE,
                         "--counters: \"%s\" is not known (%s); did you mean %s?", name, why, near);
    }
    if (answer == LIBPFM_KNOWS_NOT) {
        return error_set(error, STATUS_USAGE,
                         "--counters: \"%s\" is neither a general name of perf nor an event of "
                         "this CPU (libpfm4: %s)",
                         name, why);
    }
    struct str names = STR_EMPTY;
    add_general_names(&names);
    error_set(error, STATUS_USAGE,
              "--counters: \"%s\" is not known: %s, so only these names are: %s", name, why,
              str_text(&names));
    str_release(&names);
    return -1;
}

/* ":u", ":k" or ":uk" at the end of a general name. */
static bool take_levels(const char *letters, struct event *event)
{
    size_t length = strlen(letters);
    if (length == 0 || length > 2 || strspn(letters, "uk") != length ||
        (length == 2 && letters[0] == letters[1])) {
        return false;
    }
    event->user = strchr(letters, 'u') != NULL;
    event->kernel = strchr(letters, 'k') != NULL;
    event->has_levels = true;
    return true;
}

static int find_event(const struct catalogue *c, const char *name, struct event *event,
                      struct error *error)
{
    size_t length = strcspn(name, ":");
    for (size_t i = 0; i < c->count; i++) {
        const char *known = c->events[i].name;
        if (strlen(known) != length || strncmp(known, name, length) != 0) {
            continue;
        }
        *event = c->events[i];
        snprintf(event->name, sizeof event->name, "%s", name);
        if (name[length] == ':' && !take_levels(name + length + 1, event)) {
            return error_set(error, STATUS_USAGE,
                             "--counters: \"%s\": after the colon of a general name stands u (the "
                             "program's own code), k (the kernel) or uk",
                             name);
        }
        return 0;
    }
    char why[200];
    enum libpfm_answer answer = libpfm_encode(name, event, why, sizeof why);
    return answer == LIBPFM_KNOWS ? 0 : refuse(c, name, answer, why, error);
}

static int add_word(const struct catalogue *c, const char *word, size_t length,
                    struct event_list *list, struct error *error)
{
    char name[METRIC_NAME_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    if (length == 0 || length >= sizeof name) {
        return error_set(error, STATUS_USAGE,
                         "--counters: %s%.*s: write a list of names, as instructions,cycles",
                         length == 0 ? "an empty name" : "too long a name, ", (int)length, word);
    }
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->events[i].name, name) == 0) {
            return error_set(error, STATUS_USAGE, "--counters: %s stands there twice", name);
        }
    }
    if (list->count == EVENTS_MAX) {
        return error_set(error, STATUS_USAGE, "--counters: more than %d names", EVENTS_MAX);
    }
    return find_event(c, name, &list->events[list->count++], error);
}

int events_parse(const char *text, struct event_list *list, struct error *error)
{
    struct catalogue *c = make_catalogue();
    int code = 0;
    list->count = 0;
    for (const char *at = text; code == 0; at++) {
        size_t length = strcspn(at, ",");
        code = add_word(c, at, length, list, error);
        at += length;
        if (*at == '\0') {
            break;
        }
    }
    free(c);
    return code;
}

static bool is(const struct event *event, uint32_t type, uint64_t config)
{
    return event->type == type && event->config == config;
}

bool event_is_software(const struct event *event)
{
    return event->type == PERF_TYPE_SOFTWARE;
}

bool event_is_of_kernel(const struct event *event)
{
    return is(event, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES) ||
           is(event, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS);
}

const char *event_unit(const struct event *event)
{
    bool is_time = is(event, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK) ||
                   is(event, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
    return is_time ? "ns" : "";
}

bool event_is_instructions(const struct event *event)
{
    return is(event, PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS);
}

bool event_is_cycles(const struct event *event)
{
    return is(event, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES);
}

bool event_is_branches(const struct event *event)
{
    return is(event, PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS);
}

bool event_is_branch_misses(const struct event *event)
{
    return is(event, PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES);
}
