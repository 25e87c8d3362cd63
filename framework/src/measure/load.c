#include "measure/load.h"
#include "measure/clock.h"
#include "measure/sysfile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Columns of the "cpu" line: user, nice, system, idle, iowait, irq, softirq, steal (proc(5)). */
enum { COLUMN_IDLE = 3, COLUMN_IOWAIT = 4, COLUMN_STEAL = 7, COLUMNS = 8 };

bool load_read_ticks(const char *root, struct load_ticks *ticks)
{
    char line[512];
    if (!sysfile_line(root, "/proc/stat", line, sizeof line) || strncmp(line, "cpu ", 4) != 0) {
        return false;
    }
    char *at = line + 4;
    struct load_ticks sum = {0, 0};
    for (int column = 0; column < COLUMNS; column++) {
        char *end;
        uint64_t value = strtoull(at, &end, 10);
        if (end == at) {
            return false;
        }
        sum.busy += column == COLUMN_IDLE || column == COLUMN_IOWAIT ? 0 : value;
        sum.stolen += column == COLUMN_STEAL ? value : 0;
        at = end;
    }
    *ticks = sum;
    return true;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double used_by(int who)
{
    struct rusage usage;
    if (getrusage(who, &usage) != 0) {
        return 0;
    }
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double load_cpu_ns(const struct rusage *usage)
{
    return (seconds_of(usage->ru_utime) + seconds_of(usage->ru_stime)) * 1e9;
}

struct load_mark load_mark(void)
{
    struct load_ticks ticks;
    struct load_mark mark = {.known = load_read_ticks("", &ticks)};
    if (mark.known) {
        mark.busy_s = (double)ticks.busy / (double)sysconf(_SC_CLK_TCK);
        mark.own_s = used_by(RUSAGE_SELF) + used_by(RUSAGE_CHILDREN);
        mark.wall_s = (double)clock_monotonic_ns() / 1e9;
    }
    return mark;
}

double load_other_cpus(const struct load_mark *since)
{
    struct load_mark now = load_mark();
    double wall_s = now.wall_s - since->wall_s;
    if (!since->known || !now.known || !(wall_s > 0)) {
        return 0;
    }
    double others_s = now.busy_s - since->busy_s - (now.own_s - since->own_s);
    return others_s > 0 ? others_s / wall_s : 0;
}

double load_stolen_share(const struct load_ticks *before, const struct load_ticks *now)
{
    uint64_t busy = now->busy > before->busy ? now->busy - before->busy : 0;
    uint64_t stolen = now->stolen > before->stolen ? now->stolen - before->stolen : 0;
    return busy == 0 || stolen > busy ? 0 : (double)stolen / (double)busy;
}
