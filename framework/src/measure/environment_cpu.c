/* Checks of the processor and its clock. */
#include "measure/clock.h"
#include "measure/environment_internal.h"
#include "measure/sysfile.h"

#include <sched.h>
#include <string.h>

#define CPU_FOLDER   "/sys/devices/system/cpu"
#define CLOCK_FOLDER "/sys/devices/system/clocksource/clocksource0"

void environment_check_clock_source(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "clock source");
    char current[32];
    char available[96];
    if (!sysfile_line(list->site->root, CLOCK_FOLDER "/current_clocksource", current,
                      sizeof current)) {
        FIND(check, "cannot be read");
        return;
    }
    if (!sysfile_line(list->site->root, CLOCK_FOLDER "/available_clocksource", available,
                      sizeof available)) {
        snprintf(available, sizeof available, "unknown");
    }
    FIND(check, "%s (available: %s)", current, available);
    if (strcmp(current, "tsc") != 0 && strstr(available, "tsc") != NULL) {
        ADVISE(check, "short laps are less exact than they could be: echo tsc > " CLOCK_FOLDER
                      "/current_clocksource");
    } else if (strcmp(current, "tsc") != 0) {
        ADVISE(check, "the kernel offers no time-stamp counter here, so short laps are less exact: "
                      "prefer a machine that does");
    }
}

static bool has_flag(const char *flags, const char *flag)
{
    size_t length = strlen(flag);
    for (const char *at = strstr(flags, flag); at != NULL; at = strstr(at + 1, flag)) {
        if ((at == flags || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

void environment_check_tsc(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "TSC");
    const struct clock_facts *clock = clock_init();
    char flags[4096] = "";
    char used[128];
    if (clock->tsc) {
        snprintf(used, sizeof used, "%.6g GHz, step %.1f ns, a pair of reads costs %.1f ns",
                 clock->frequency_hz / 1e9, clock->resolution_ns, clock->cost_ns);
    } else {
        snprintf(used, sizeof used,
                 "not used: CLOCK_MONOTONIC, step %.1f ns, a pair of reads costs %.1f ns",
                 clock->resolution_ns, clock->cost_ns);
    }
    if (!sysfile_value(list->site->root, "/proc/cpuinfo", "flags", ':', flags, sizeof flags)) {
        FIND(check, "flags cannot be read (no x86 processor?); %s", used);
        return;
    }
    bool constant = has_flag(flags, "constant_tsc");
    bool nonstop = has_flag(flags, "nonstop_tsc");
    FIND(check, "constant_tsc %s, nonstop_tsc %s; %s", constant ? "yes" : "no",
         nonstop ? "yes" : "no", used);
    if (!constant || !nonstop) {
        ADVISE(check, "the counter does not run at one rate here, so times come from "
                      "CLOCK_MONOTONIC: give kernels longer laps (--measurement-time)");
    }
}

#define GOVERNORS_MAX 4

struct governors {
    size_t kinds;
    struct {
        char name[24];
        size_t cpus;
    } kind[GOVERNORS_MAX];
};

static void count_governor(struct governors *found, const char *name)
{
    size_t i = 0;
    while (i < found->kinds && strcmp(found->kind[i].name, name) != 0) {
        i++;
    }
    if (i == GOVERNORS_MAX) {
        return;
    }
    if (i == found->kinds) {
        snprintf(found->kind[found->kinds++].name, sizeof found->kind[0].name, "%s", name);
    }
    found->kind[i].cpus++;
}

/* All CPUs: a benchmark runs on any of them. */
static struct governors read_governors(const char *root, size_t *cpu_count)
{
    static unsigned cpus[SYSFILE_CPUS_MAX];
    struct governors found = {.kinds = 0};
    char online[512] = "0";
    sysfile_line(root, CPU_FOLDER "/online", online, sizeof online);
    *cpu_count = sysfile_cpus(online, cpus);
    for (size_t i = 0; i < *cpu_count; i++) {
        char path[96];
        char name[24];
        snprintf(path, sizeof path, CPU_FOLDER "/cpu%u/cpufreq/scaling_governor", cpus[i]);
        if (sysfile_line(root, path, name, sizeof name)) {
            count_governor(&found, name);
        }
    }
    return found;
}

void environment_check_governor(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "CPU governor");
    size_t cpu_count;
    struct governors found = read_governors(list->site->root, &cpu_count);
    const char *other = NULL;
    size_t length = 0;
    if (found.kinds == 0) {
        FIND(check, "cannot be read (usual in a virtual machine: the host decides)");
        return;
    }
    for (size_t i = 0; i < found.kinds && length < sizeof check->finding; i++) {
        int added = snprintf(check->finding + length, sizeof check->finding - length,
                             "%s%s on %zu of %zu CPUs", i == 0 ? "" : ", ", found.kind[i].name,
                             found.kind[i].cpus, cpu_count);
        length += added > 0 ? (size_t)added : 0;
        other = strcmp(found.kind[i].name, "performance") == 0 ? other : found.kind[i].name;
    }
    if (other != NULL) {
        WARN(check,
             "the CPU frequency follows the load (governor %s): cpupower frequency-set -g "
             "performance",
             other);
    }
}

void environment_check_turbo(struct environment_list *list)
{
    static const struct {
        const char *path;
        int64_t on;
        const char *switch_off;
    } places[] = {
        {CPU_FOLDER "/intel_pstate/no_turbo", 0, "echo 1 > " CPU_FOLDER "/intel_pstate/no_turbo"},
        {CPU_FOLDER "/cpufreq/boost", 1, "echo 0 > " CPU_FOLDER "/cpufreq/boost"},
        {CPU_FOLDER "/cpufreq/policy0/boost", 1, "echo 0 to " CPU_FOLDER "/cpufreq/policy*/boost"},
    };
    struct environment_check *check = environment_add(list, "turbo");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int64_t value;
        if (!sysfile_number(list->site->root, places[i].path, &value)) {
            continue;
        }
        FIND(check, "%s", value == places[i].on ? "on" : "off");
        if (value == places[i].on) {
            ADVISE(check,
                   "the clock depends on temperature and neighbours; for steadier figures switch "
                   "it off: %s",
                   places[i].switch_off);
        }
        return;
    }
    FIND(check, "cannot be read (usual in a virtual machine: the host decides)");
}

/* The CPU that benchmarks run on, as far as one can say. */
static int64_t measuring_cpu(const struct environment_site *site)
{
    if (site->cpu >= 0 || site->root[0] != '\0') {
        return site->cpu >= 0 ? site->cpu : 0;
    }
    int now = sched_getcpu();
    return now < 0 ? 0 : now;
}

void environment_check_smt(struct environment_list *list)
{
    static unsigned cpus[SYSFILE_CPUS_MAX];
    struct environment_check *check = environment_add(list, "SMT");
    char path[96];
    char siblings[64] = "";
    int64_t active;
    int64_t cpu = measuring_cpu(list->site);
    snprintf(path, sizeof path, CPU_FOLDER "/cpu%lld/topology/thread_siblings_list",
             (long long)cpu);
    bool known = sysfile_line(list->site->root, path, siblings, sizeof siblings);
    bool has_active = sysfile_number(list->site->root, CPU_FOLDER "/smt/active", &active);
    if (!known && !has_active) {
        FIND(check, "cannot be read");
        return;
    }
    bool shared = known ? sysfile_cpus(siblings, cpus) > 1 : active == 1;
    if (!shared) {
        FIND(check, "off: CPU %lld has its core alone, as far as this system sees", (long long)cpu);
        return;
    }
    FIND(check, "on: CPU %lld shares its core (CPUs %s)", (long long)cpu,
         known ? siblings : "not told");
    ADVISE(check,
           "work on the sibling slows the measuring CPU: keep it idle, or switch SMT off (echo off "
           "> " CPU_FOLDER "/smt/control)");
}
