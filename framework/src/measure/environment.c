#include "measure/environment.h"
#include "measure/environment_internal.h"
#include "measure/sysfile.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

static void check_aslr(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "ASLR");
    char line[32];
    int64_t whole;
    bool has_own = sysfile_line(list->site->root, "/proc/self/personality", line, sizeof line);
    bool has_whole =
        sysfile_number(list->site->root, "/proc/sys/kernel/randomize_va_space", &whole);
    bool off_here = has_own && (strtoul(line, NULL, 16) & ADDR_NO_RANDOMIZE) != 0;
    if (!has_own && !has_whole) {
        FIND(check, "cannot be read");
        return;
    }
    bool off = off_here || (has_whole && whole == 0);
    FIND(check, "%s",
         off_here     ? "off for this process"
         : off        ? "off on this machine"
         : !has_whole ? "on"
         : whole == 1 ? "on, except for the heap"
                      : "on");
    if (off) {
        ADVISE(check,
               "one memory layout is repeated, and its luck is in every figure: leave it on "
               "(%s)",
               off_here ? "no setarch -R" : "sysctl kernel.randomize_va_space=2");
    }
}

/* 0 when the kernel opens such a counter for this process, else its errno. */
static int try_counter(uint32_t type, uint64_t config)
{
    struct perf_event_attr attr = {.type = type,
                                   .size = sizeof attr,
                                   .config = config,
                                   .disabled = 1,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1};
    long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    close((int)fd);
    return 0;
}

static const char *counter_text(int code)
{
    switch (code) {
    case 0:
        return "works";
    case EACCES:
    case EPERM:
        return "not permitted";
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
        return "not on this machine";
    case ENOSYS:
        return "refused (no such system call, or a filter of the container)";
    default:
        return strerror(code);
    }
}

static void check_perf(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "perf events");
    bool here = list->site->root[0] == '\0';
    int64_t paranoid;
    if (!sysfile_number(list->site->root, "/proc/sys/kernel/perf_event_paranoid", &paranoid)) {
        FIND(check, "not built into this kernel: no hardware counters");
        ADVISE(check, "counters need a kernel with CONFIG_PERF_EVENTS; times do not");
        return;
    }
    int software = here ? try_counter(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK) : 0;
    int hardware = here ? try_counter(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS) : 0;
    bool denied = software == EACCES || software == EPERM || hardware == EACCES ||
                  hardware == EPERM || (!here && paranoid > 2);
    FIND(check, "paranoid %" PRId64 "; software event: %s; hardware event: %s", paranoid,
         here ? counter_text(software) : "not tried", here ? counter_text(hardware) : "not tried");
    if (denied && paranoid > 2) {
        ADVISE(check, "counters are for root only: sysctl kernel.perf_event_paranoid=2");
    } else if (denied) {
        ADVISE(check, "a security policy keeps counters from this process: in a container, add "
                      "CAP_PERFMON or a seccomp profile that allows perf_event_open");
    } else if (software == 0 && hardware != 0) {
        ADVISE(check, "no hardware counters (a virtual machine without a virtual PMU): have the "
                      "host pass one through, or count on bare metal; times do not need them");
    } else if (software != 0) {
        ADVISE(check, "the kernel refuses perf_event_open: allow it where counters are wanted; "
                      "times do not need it");
    }
}

static void check_huge_pages(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "huge pages (THP)");
    char value[64];
    if (!sysfile_line(list->site->root, "/sys/kernel/mm/transparent_hugepage/enabled", value,
                      sizeof value)) {
        FIND(check, "cannot be read");
        return;
    }
    FIND(check, "%s", value);
    if (strstr(value, "[always]") != NULL) {
        ADVISE(check, "whether a large buffer gets huge pages depends on free memory: when such "
                      "benchmarks differ from run to run, echo madvise > "
                      "/sys/kernel/mm/transparent_hugepage/enabled");
    }
}

static void check_suite_build(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "build of the suite");
    const char *flags = list->site->flags;
    FIND(check, "%.190s", flags == NULL ? "flags not recorded" : flags);
    if (!list->site->optimised) {
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

#ifdef __OPTIMIZE__
#define LIBRARY_OPTIMISED true
#else
#define LIBRARY_OPTIMISED false
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIBRARY_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIBRARY_SANITIZED true
#endif
#endif
#ifndef LIBRARY_SANITIZED
#define LIBRARY_SANITIZED false
#endif
#ifdef __clang__
#define LIBRARY_COMPILER "clang " __clang_version__
#else
#define LIBRARY_COMPILER "gcc " __VERSION__
#endif

static void check_library_build(struct environment_list *list)
{
    struct environment_check *check = environment_add(list, "build of Assay");
    FIND(check, "%s, %s%s", LIBRARY_COMPILER, LIBRARY_OPTIMISED ? "optimised" : "not optimised",
         LIBRARY_SANITIZED ? ", under a sanitizer" : "");
    if (!LIBRARY_OPTIMISED || LIBRARY_SANITIZED) {
        WARN(check, "the library itself is no release build: its clock reads and pauses cost more "
                    "than they should; link one built with VARIANT=release");
    }
}

size_t environment_check(const struct environment_site *site, struct environment_check *checks)
{
    static void (*const all[])(struct environment_list *) = {
        environment_check_clock_source,
        environment_check_tsc,
        environment_check_governor,
        environment_check_turbo,
        environment_check_smt,
        environment_check_quota,
        environment_check_cpuset,
        environment_check_steal,
        environment_check_load,
        environment_check_memory,
        check_aslr,
        check_huge_pages,
        check_perf,
        check_suite_build,
        check_library_build,
    };
    struct environment_list list = {site, checks, 0};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        all[i](&list);
    }
    return list.count;
}
