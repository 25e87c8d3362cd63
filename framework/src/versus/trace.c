#include "versus/trace.h"

#include <errno.h>
#include <string.h>

FILE *trace_open(const char *path, struct error *error)
{
    FILE *trace = fopen(path, "wbe");
    if (trace == NULL) {
        error_set(error, STATUS_ENVIRONMENT, "cannot write %s: %s", path, strerror(errno));
        return NULL;
    }
    fwrite("assaytr1", 8, 1, trace);
    return trace;
}

static void add_number(FILE *trace, uint32_t number)
{
    fwrite(&number, sizeof number, 1, trace);
}

void trace_add_benchmark(FILE *trace, uint32_t number, const char *id)
{
    add_number(trace, 1);
    add_number(trace, number);
    add_number(trace, (uint32_t)strlen(id));
    fwrite(id, strlen(id), 1, trace);
}

static void add_times(FILE *trace, const double *ns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        float value = (float)ns[i];
        fwrite(&value, sizeof value, 1, trace);
    }
}

void trace_add_pair(FILE *trace, const struct trace_pair *pair)
{
    add_number(trace, 2);
    add_number(trace, pair->number);
    add_number(trace, (uint32_t)pair->order);
    add_number(trace, pair->confirming);
    add_number(trace, pair->slices);
    fwrite(&pair->iterations, sizeof pair->iterations, 1, trace);
    add_times(trace, pair->old_ns, pair->slices);
    add_times(trace, pair->new_ns, pair->slices);
}

int trace_close(FILE *trace, const char *path, struct error *error)
{
    int failed = ferror(trace);
    failed |= fclose(trace);
    return failed == 0 ? 0
                       : error_set(error, STATUS_ENVIRONMENT, "cannot write all of %s: %s", path,
                                   strerror(errno));
}
