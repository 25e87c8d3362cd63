/* Checks of what this process gets of the machine. */
#include "measure/environment_internal.h"
#include "measure/load.h"
#include "measure/sysfile.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pressure above this is more than daemons make. */
#define CPU_PRESSURE_MAX_PERCENT    5.0
#define MEMORY_PRESSURE_MAX_PERCENT 1.0
#define STEAL_MAX_PERCENT           2.0
/* Part of the memory below which the kernel begins to reclaim. */
#define MEMORY_LEFT_MIN 0.05
#define GROUP_BYTES     512

/* The tightest limit among the groups looked at. */
struct quota {
    bool read;   /* any file could be read */
    double cpus; /* INFINITY: none */
    char path[GROUP_BYTES + 128];
};

static void take_limit(struct quota *quota, double quota_us, double period_us, const char *path)
{
    quota->read = true;
    if (quota_us > 0 && period_us > 0 && quota_us / period_us < quota->cpus) {
        quota->cpus = quota_us / period_us;
        snprintf(quota->path, sizeof quota->path, "%s", path);
    }
}

static void read_v2(const char *root, const char *folder, struct quota *quota)
{
    char path[GROUP_BYTES + 64];
    char line[64];
    char *end;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (!sysfile_line(root, path, line, sizeof line)) {
        return;
    }
    double quota_us = strtod(line, &end); /* "max" is no number: 0 */
    take_limit(quota, end == line ? 0 : quota_us, strtod(end, NULL), path);
}

static void read_v1(const char *root, const char *folder, struct quota *quota)
{
    char path[GROUP_BYTES + 64];
    int64_t quota_us;
    int64_t period_us;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    bool known = sysfile_number(root, path, &period_us);
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    if (known && sysfile_number(root, path, &quota_us)) {
        take_limit(quota, (double)quota_us, (double)period_us, path);
    }
}

/* The group and every group above it: each limits those below. */
static void walk_up(const char *root, const char *mount, const char *group,
                    void (*read)(const char *, const char *, struct quota *), struct quota *quota)
{
    char folder[GROUP_BYTES + 32];
    snprintf(folder, sizeof folder, "%s%s", mount, strcmp(group, "/") == 0 ? "" : group);
    size_t least = strlen(mount);
    for (;;) {
        read(root, folder, quota);
        char *slash = strrchr(folder, '/');
        if (slash == NULL || strlen(folder) <= least) {
            return;
        }
        *slash = '\0';
    }
}

/* The group of this process in the hierarchy whose line of /proc/self/cgroup ("4:cpu,cpuacct:/a/b",
 * version 2: "0::/a/b") has the controller; false when there is none. */
static bool find_group(const char *root, bool v2, char *group, size_t size)
{
    static const char *const v1_names[] = {"cpu", "cpu,cpuacct", "cpuacct,cpu"};
    for (int hierarchy = v2 ? 0 : 1; hierarchy < (v2 ? 1 : 33); hierarchy++) {
        for (size_t i = 0; i < (v2 ? 1 : sizeof v1_names / sizeof v1_names[0]); i++) {
            char key[48];
            snprintf(key, sizeof key, "%d:%s", hierarchy, v2 ? "" : v1_names[i]);
            if (sysfile_value(root, "/proc/self/cgroup", key, ':', group, size)) {
                return true;
            }
        }
    }
    return false;
}

void environment_check_quota(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "CPU quota");
    struct quota quota = {.cpus = INFINITY};
    const char *root = list->site->root;
    char group[GROUP_BYTES];
    if (find_group(root, true, group, sizeof group)) {
        walk_up(root, "/sys/fs/cgroup", group, read_v2, &quota);
        walk_up(root, "/sys/fs/cgroup/unified", group, read_v2, &quota);
    }
    if (find_group(root, false, group, sizeof group)) {
        walk_up(root, "/sys/fs/cgroup/cpu", group, read_v1, &quota);
        walk_up(root, "/sys/fs/cgroup/cpu,cpuacct", group, read_v1, &quota);
    }
    if (isfinite(quota.cpus)) {
        FIND(check, "%.4g CPUs, set by %.160s", quota.cpus, quota.path);
        WARN(check,
             "a cgroup stops this process when it has used %.4g CPUs' time: raise the limit for "
             "measuring, or measure outside of the group",
             quota.cpus);
    } else if (quota.read) {
        FIND(check, "none");
    } else {
        FIND(check, "cannot be read (no cgroup files of the CPU controller); none is likely");
    }
}

void environment_check_cpuset(struct environment_list *list)
{
    static unsigned cpus[SYSFILE_CPUS_MAX];
    struct environment_check *check = environment_add(list, "allowed CPUs");
    char allowed[64];
    char online[64];
    if (!sysfile_value(list->site->root, "/proc/self/status", "Cpus_allowed_list", ':', allowed,
                       sizeof allowed) ||
        !sysfile_line(list->site->root, "/sys/devices/system/cpu/online", online, sizeof online)) {
        FIND(check, "cannot be read");
        return;
    }
    size_t allowed_count = sysfile_cpus(allowed, cpus);
    size_t online_count = sysfile_cpus(online, cpus);
    FIND(check, "%s of %s online", allowed, online);
    if (allowed_count == 1 && online_count > 1) {
        ADVISE(check, "one CPU for the harness and the benchmark, and none for threads: allow a "
                      "second one (taskset, cpuset) when benchmarks have threads");
    } else if (allowed_count < online_count) {
        ADVISE(check,
               "this process may not use every CPU: benchmarks with more than %zu threads "
               "share CPUs",
               allowed_count);
    }
}

void environment_check_steal(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "steal");
    struct load_ticks boot = {0, 0};
    struct load_ticks ticks;
    if (!load_read_ticks(list->site->root, &ticks)) {
        FIND(check, "cannot be read");
        return;
    }
    double percent = 100.0 * load_stolen_share(&boot, &ticks);
    FIND(check, "%.1f %% of the busy time since boot went to other guests", percent);
    if (percent > STEAL_MAX_PERCENT) {
        WARN(check, "the host takes CPU time away (steal %.1f %%): prefer a less busy host",
             percent);
    }
}

void environment_check_load(struct environment_list *list)
{
    static unsigned cpus[SYSFILE_CPUS_MAX];
    struct environment_check *check = environment_add(list, "other work");
    char online[512] = "0";
    char load[64];
    double percent;
    sysfile_line(list->site->root, "/sys/devices/system/cpu/online", online, sizeof online);
    size_t count = sysfile_cpus(online, cpus);
    bool has_load = sysfile_line(list->site->root, "/proc/loadavg", load, sizeof load);
    double load_1min = has_load ? strtod(load, NULL) : 0;
    if (sysfile_pressure(list->site->root, "cpu", &percent)) {
        FIND(check, "load %.2f on %zu CPUs; programs waited for a CPU in %.0f %% of the last 10 s",
             load_1min, count, percent);
        if (percent > CPU_PRESSURE_MAX_PERCENT) {
            WARN(check,
                 "other work is running (programs waited for a CPU in %.0f %% of the last 10 s): "
                 "wait for it to end, or expect wide intervals",
                 percent);
        }
    } else if (has_load) {
        FIND(check, "load %.2f over the last minute on %zu CPUs", load_1min, count);
        if (load_1min > (double)count * 0.5 + 1) {
            WARN(check,
                 "other work is running (load %.2f on %zu CPUs): wait for it to end, or expect "
                 "wide intervals",
                 load_1min, count);
        }
    } else {
        FIND(check, "cannot be read");
    }
}

/* A line of /proc/meminfo in bytes; false when it is not there. */
static bool read_memory(const char *root, const char *key, double *bytes)
{
    char value[64];
    if (!sysfile_value(root, "/proc/meminfo", key, ':', value, sizeof value)) {
        return false;
    }
    *bytes = strtod(value, NULL) * 1024;
    return true;
}

void environment_check_memory(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "memory and swap");
    const char *root = list->site->root;
    double total;
    double left;
    double swap = 0;
    double swap_left = 0;
    double percent = 0;
    if (!read_memory(root, "MemTotal", &total) || !read_memory(root, "MemAvailable", &left)) {
        FIND(check, "cannot be read");
        return;
    }
    read_memory(root, "SwapTotal", &swap);
    read_memory(root, "SwapFree", &swap_left);
    bool known = sysfile_pressure(root, "memory", &percent);
    FIND(check, "%.1f of %.1f GiB available, %.1f GiB swapped out, %s", left / 0x1p30,
         total / 0x1p30, (swap - swap_left) / 0x1p30,
         known ? percent > 0 ? "programs waited for memory" : "nothing waited for memory"
               : "pressure cannot be read");
    if (percent > MEMORY_PRESSURE_MAX_PERCENT) {
        WARN(check,
             "programs waited for memory in %.0f %% of the last 10 s: end what uses it, or swapoff",
             percent);
    } else if (left < total * MEMORY_LEFT_MIN) {
        WARN(check,
             "only %.1f GiB of memory are left: benchmarks may be swapped out; end what uses it",
             left / 0x1p30);
    } else if (swap - swap_left > 0x1p26) {
        ADVISE(check, "memory was swapped out before; swapoff -a while measuring, if it fits");
    }
}
