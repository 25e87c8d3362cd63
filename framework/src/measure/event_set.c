#include "measure/event_set.h"
#include "base/file.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GROUP_MAX    4
#define NO_LEADER    EVENTS_MAX
#define PARANOID     "/proc/sys/kernel/perf_event_paranoid"
#define NOT_READABLE (-2)

/* Since Linux 5.8; before, CAP_SYS_ADMIN alone. */
#define CAPABILITY_PERFMON 38

static bool is_privileged(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
    if (syscall(SYS_capget, &header, data) != 0) {
        return false;
    }
    uint64_t effective = (uint64_t)data[1].effective << 32 | data[0].effective;
    return (effective >> CAPABILITY_PERFMON & 1) != 0 || (effective >> CAP_SYS_ADMIN & 1) != 0;
}

int event_open(const struct event *event, bool user_only, int leader_fd)
{
    struct perf_event_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.size = sizeof attr;
    attr.type = event->type;
    attr.config = event->config;
    attr.config1 = event->config1;
    attr.config2 = event->config2;
    attr.disabled = leader_fd < 0;
    attr.exclude_user = !event->user;
    attr.exclude_kernel = !event->kernel || user_only;
    attr.exclude_hv = attr.exclude_kernel;
    attr.read_format =
        PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, leader_fd, PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void event_rights_read(struct event_rights *rights)
{
    const struct event cycles = {
        .type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_CPU_CYCLES, .user = true};
    char line[16];
    *rights = (struct event_rights){.paranoid = NOT_READABLE, .privileged = is_privileged()};
    if (file_first_line(PARANOID, line, sizeof line)) {
        rights->paranoid = (int)strtol(line, NULL, 10);
    }
    int fd = event_open(&cycles, true, -1);
    rights->has_pmu = fd != -ENOENT && fd != -EOPNOTSUPP && fd != -ENODEV;
    if (fd >= 0) {
        close(fd);
    }
}

/* As one may: with the kernel's share, or without it unless that was asked for. */
static int try_open(const struct event *event, event_opener opener, int leader_fd, bool *user_only)
{
    *user_only = false;
    int fd = opener(event, false, leader_fd);
    if ((fd == -EACCES || fd == -EPERM) && !event->has_levels) {
        *user_only = true;
        fd = opener(event, true, leader_fd);
    }
    return fd;
}

/* The group that the next event of the kind may join. */
struct group {
    size_t leader;
    size_t size;
};

static void add_event(struct event_set *set, const struct event *event, size_t i,
                      event_opener opener, struct group *group)
{
    int fd = -EINVAL;
    bool full = !event_is_software(event) && group->size == GROUP_MAX;
    if (group->leader != NO_LEADER && !full) {
        fd = try_open(event, opener, set->fds[group->leader], &set->user_only[i]);
    }
    if (fd < 0) {
        fd = try_open(event, opener, -1, &set->user_only[i]);
        if (fd >= 0) {
            *group = (struct group){.leader = i};
        }
    }
    set->failures[i] = fd < 0 ? -fd : EVENT_OPEN;
    if (fd >= 0) {
        set->fds[i] = fd;
        set->leaders[i] = group->leader;
        group->size++;
    }
}

void event_set_open(struct event_set *set, const struct event_list *list, event_opener opener)
{
    struct group software = {.leader = NO_LEADER};
    struct group hardware = {.leader = NO_LEADER};
    *set = (struct event_set){.count = list->count};
    for (size_t i = 0; i < list->count; i++) {
        set->fds[i] = -1;
        set->leaders[i] = NO_LEADER;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct event *event = &list->events[i];
        add_event(set, event, i, opener, event_is_software(event) ? &software : &hardware);
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct event *event = &list->events[i];
        bool blind = !event->kernel || set->user_only[i];
        /* Its count would be a zero that says nothing. */
        if (set->fds[i] >= 0 && blind && event_is_of_kernel(event)) {
            set->failures[i] = EVENT_HIDDEN;
        }
    }
}

void event_set_close(struct event_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->fds[i] >= 0) {
            close(set->fds[i]);
            set->fds[i] = -1;
        }
    }
}

static bool leads(const struct event_set *set, size_t i)
{
    return set->fds[i] >= 0 && set->leaders[i] == i;
}

void event_set_start(const struct event_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (leads(set, i)) {
            (void)ioctl(set->fds[i], PERF_EVENT_IOC_ENABLE, 0);
        }
    }
}

void event_set_stop(const struct event_set *set)
{
    for (size_t i = set->count; i > 0; i--) {
        if (leads(set, i - 1)) {
            (void)ioctl(set->fds[i - 1], PERF_EVENT_IOC_DISABLE, 0);
        }
    }
}

/* As the kernel answers for a group: how many, two times, the counts in the order of opening. */
struct group_answer {
    uint64_t count;
    uint64_t enabled_ns;
    uint64_t running_ns;
    uint64_t values[EVENTS_MAX];
};

static void read_group(const struct event_set *set, size_t leader, struct event_reading *readings)
{
    struct group_answer answer = {0};
    ssize_t got = read(set->fds[leader], &answer, sizeof answer);
    uint64_t next = 0;
    if (got < (ssize_t)offsetof(struct group_answer, values)) {
        return;
    }
    for (size_t i = leader; i < set->count && next < answer.count; i++) {
        if (set->fds[i] >= 0 && set->leaders[i] == leader) {
            readings[i] = (struct event_reading){.count = answer.values[next++],
                                                 .enabled_ns = answer.enabled_ns,
                                                 .running_ns = answer.running_ns};
        }
    }
}

void event_set_read(const struct event_set *set, struct event_reading *readings)
{
    memset(readings, 0, set->count * sizeof *readings);
    for (size_t i = 0; i < set->count; i++) {
        if (leads(set, i)) {
            read_group(set, i, readings);
        }
    }
}

static void explain_refusal(int failure, const struct event *event,
                            const struct event_rights *rights, char *text, size_t bytes)
{
    /* What would do: 2 lets a process count its own code, 1 the kernel's work for it, too. */
    int enough = event->has_levels && event->kernel ? 1 : 2;
    if (rights->paranoid == NOT_READABLE) {
        snprintf(text, bytes, "perf_event_open was refused (%s): a container's seccomp filter?",
                 strerror(failure));
    } else if (!rights->privileged && rights->paranoid > enough) {
        snprintf(text, bytes,
                 "perf_event_paranoid is %d, which denies it to this user; as root: sysctl "
                 "kernel.perf_event_paranoid=%d",
                 rights->paranoid, enough);
    } else {
        snprintf(text, bytes,
                 "perf_event_open was refused (%s) though perf_event_paranoid %d would allow it%s: "
                 "a container's seccomp filter?",
                 strerror(failure), rights->paranoid, rights->privileged ? " to this user" : "");
    }
}

void event_set_explain(const struct event_set *set, const struct event_list *list, size_t i,
                       const struct event_rights *rights, char *text, size_t bytes)
{
    const struct event *event = &list->events[i];
    int failure = set->failures[i];
    bool software = event_is_software(event);
    bool unknown =
        failure == ENOENT || failure == ENODEV || failure == EOPNOTSUPP || failure == EINVAL;
    if (failure == EVENT_HIDDEN && set->user_only[i]) {
        snprintf(text, bytes,
                 "it happens inside the kernel, where perf_event_paranoid %d lets this user count "
                 "nothing; as root: sysctl kernel.perf_event_paranoid=1",
                 rights->paranoid);
    } else if (failure == EVENT_HIDDEN) {
        snprintf(text, bytes, "it happens inside the kernel only, and :u leaves that out");
    } else if (failure == EACCES || failure == EPERM) {
        explain_refusal(failure, event, rights, text, bytes);
    } else if (failure == ENOSYS) {
        snprintf(text, bytes,
                 "there is no perf_event_open: the kernel was built without it, or a container's "
                 "seccomp filter hides it");
    } else if (unknown && !software && !rights->has_pmu) {
        snprintf(text, bytes,
                 "this machine shows no hardware counters (a virtual machine without a PMU?)");
    } else if (unknown) {
        snprintf(text, bytes, "this %s cannot count it", software ? "kernel" : "CPU");
    } else if (failure == EMFILE || failure == ENFILE) {
        snprintf(text, bytes, "too many files are open: raise the limit (ulimit -n)");
    } else if (failure == EBUSY) {
        snprintf(text, bytes, "something else on this machine holds the counters");
    } else {
        snprintf(text, bytes, "perf_event_open failed: %s", strerror(failure));
    }
}
