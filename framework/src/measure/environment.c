#include "measure/environment.h"
#include "base/file.h"
#include "measure/clock.h"
#include "measure/load.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

/* Pressure above this is more than daemons make. */
#define PRESSURE_MAX_PERCENT 5.0

struct list {
    struct environment_check *checks;
    size_t count;
};

static struct environment_check *add(struct list *list, const char *name)
{
    struct environment_check *check = &list->checks[list->count++];
    *check = (struct environment_check){.name = name};
    return check;
}

#define FIND(check, ...)   snprintf((check)->finding, sizeof(check)->finding, __VA_ARGS__)
#define ADVISE(check, ...) snprintf((check)->advice, sizeof(check)->advice, __VA_ARGS__)
#define WARN(check, ...)   ((check)->warns = true, ADVISE(check, __VA_ARGS__))

static void check_clock(struct list *list)
{
    const struct clock_facts *clock = clock_init();
    struct environment_check *check = add(list, "clock");
    FIND(check, "%s, resolution %.1f ns, a pair of reads costs %.1f ns",
         clock->tsc ? "time-stamp counter" : "CLOCK_MONOTONIC", clock->resolution_ns,
         clock->cost_ns);
    if (!clock->tsc) {
        ADVISE(check,
               "the time-stamp counter is not the kernel's clock source here; short laps are "
               "less exact");
    }
}

static void check_build(struct list *list, bool optimised, const char *flags)
{
    struct environment_check *check = add(list, "build");
    FIND(check, "%.150s", flags == NULL ? "flags not recorded" : flags);
    if (!optimised) {
        WARN(check, "the suite was compiled without optimisation: build it with -O2");
    } else if (flags == NULL) {
        ADVISE(check, "define ASSAY_BUILD_FLAGS when compiling, so that results tell their flags");
    } else if (strstr(flags, "-fsanitize") != NULL) {
        WARN(check, "the suite runs under a sanitizer: its times are not those of a release build");
    } else if (strstr(flags, "-falign-functions") == NULL) {
        ADVISE(check,
               "add -falign-functions=64 -falign-loops=32: code addresses alone can move small "
               "kernels by 10 %%");
    }
}

static void check_governor(struct list *list)
{
    struct environment_check *check = add(list, "CPU governor");
    char governor[64];
    if (!file_first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", governor,
                         sizeof governor)) {
        FIND(check, "not visible (usual in a virtual machine)");
        return;
    }
    FIND(check, "%s", governor);
    if (strcmp(governor, "performance") != 0) {
        WARN(check,
             "the CPU frequency follows the load (governor %s): cpupower frequency-set -g "
             "performance",
             governor);
    }
}

static void check_turbo(struct list *list)
{
    struct environment_check *check = add(list, "turbo");
    char value[16];
    bool on = false;
    if (file_first_line("/sys/devices/system/cpu/intel_pstate/no_turbo", value, sizeof value)) {
        on = value[0] == '0';
    } else if (file_first_line("/sys/devices/system/cpu/cpufreq/boost", value, sizeof value)) {
        on = value[0] == '1';
    } else {
        FIND(check, "not visible");
        return;
    }
    FIND(check, "%s", on ? "on" : "off");
    if (on) {
        ADVISE(check,
               "the clock depends on temperature and neighbours; switch boost off for steadier "
               "figures");
    }
}

static void check_smt(struct list *list)
{
    struct environment_check *check = add(list, "SMT");
    char value[16];
    if (!file_first_line("/sys/devices/system/cpu/smt/active", value, sizeof value)) {
        FIND(check, "not visible");
        return;
    }
    FIND(check, "%s", value[0] == '1' ? "two threads share a core" : "off");
    if (value[0] == '1') {
        ADVISE(check, "work on the sibling of the measuring CPU slows it: keep the sibling idle");
    }
}

/* Share of the last ten seconds in which something that could run had to wait for a CPU, in percent
 * (Linux pressure stall information). Unlike the load it does not count a program that runs alone.
 */
static bool read_cpu_pressure(double *percent)
{
    char line[256];
    if (!file_first_line("/proc/pressure/cpu", line, sizeof line)) {
        return false;
    }
    const char *at = strstr(line, "avg10=");
    if (at == NULL) {
        return false;
    }
    *percent = strtod(at + strlen("avg10="), NULL);
    return true;
}

static void check_load(struct list *list)
{
    struct environment_check *check = add(list, "other work");
    double load[1];
    double percent;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    if (read_cpu_pressure(&percent)) {
        FIND(check, "programs waited for a CPU in %.0f %% of the last 10 s", percent);
        if (percent > PRESSURE_MAX_PERCENT) {
            WARN(check,
                 "other work is running (programs waited for a CPU in %.0f %% of the last 10 s): "
                 "wait for it to end, or expect wide intervals",
                 percent);
        }
    } else if (getloadavg(load, 1) == 1) {
        FIND(check, "load %.2f over the last minute on %ld CPUs", load[0], cpus);
        if (load[0] > (double)cpus * 0.5 + 1) {
            WARN(check,
                 "other work is running (load %.2f on %ld CPUs): wait for it to end, or expect "
                 "wide intervals",
                 load[0], cpus);
        }
    } else {
        FIND(check, "not visible");
    }
}

static void check_quota(struct list *list)
{
    struct environment_check *check = add(list, "CPU quota");
    char value[64];
    if (!file_first_line("/sys/fs/cgroup/cpu.max", value, sizeof value) ||
        strncmp(value, "max", 3) == 0) {
        FIND(check, "none");
        return;
    }
    FIND(check, "%s (quota and period in us)", value);
    WARN(check, "a cgroup quota stops the process when it is used up: raise it for measuring");
}

static void check_steal(struct list *list)
{
    struct environment_check *check = add(list, "steal");
    struct load_ticks ticks;
    if (!load_read_ticks(&ticks)) {
        FIND(check, "not visible");
        return;
    }
    double share = ticks.busy == 0 ? 0 : 100.0 * (double)ticks.stolen / (double)ticks.busy;
    FIND(check, "%.1f %% of the busy time since boot went to other guests", share);
    if (share > 2) {
        WARN(check, "the host takes CPU time away (steal %.1f %%): prefer a less busy host", share);
    }
}

static void check_aslr(struct list *list)
{
    struct environment_check *check = add(list, "address randomisation");
    bool off = (personality(0xffffffff) & ADDR_NO_RANDOMIZE) != 0;
    FIND(check, "%s", off ? "off for this process" : "on");
    if (off) {
        ADVISE(check,
               "one fixed memory layout is repeated: its luck, good or bad, is in every figure");
    }
}

static void check_huge_pages(struct list *list)
{
    struct environment_check *check = add(list, "transparent huge pages");
    char value[64];
    if (!file_first_line("/sys/kernel/mm/transparent_hugepage/enabled", value, sizeof value)) {
        FIND(check, "not visible");
        return;
    }
    FIND(check, "%s", value);
}

static void check_counters(struct list *list)
{
    struct environment_check *check = add(list, "hardware counters");
    char value[16];
    DIR *pmu = opendir("/sys/bus/event_source/devices/cpu");
    bool has_pmu = pmu != NULL;
    if (has_pmu) {
        closedir(pmu);
    }
    if (!file_first_line("/proc/sys/kernel/perf_event_paranoid", value, sizeof value)) {
        FIND(check, "perf events are not built into this kernel");
        return;
    }
    FIND(check, "%s, perf_event_paranoid %s", has_pmu ? "present" : "none on this machine", value);
}

size_t environment_check(struct environment_check *checks, bool optimised, const char *flags)
{
    struct list list = {checks, 0};
    check_clock(&list);
    check_build(&list, optimised, flags);
    check_governor(&list);
    check_turbo(&list);
    check_smt(&list);
    check_load(&list);
    check_quota(&list);
    check_steal(&list);
    check_aslr(&list);
    check_huge_pages(&list);
    check_counters(&list);
    return list.count;
}
