#include "measure/sysfile.h"
#include "base/file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool join(const char *root, const char *path, char *whole)
{
    int length = snprintf(whole, SYSFILE_PATH_MAX, "%s%s", root, path);
    return length > 0 && length < SYSFILE_PATH_MAX;
}

bool sysfile_line(const char *root, const char *path, char *line, size_t size)
{
    char whole[SYSFILE_PATH_MAX];
    return join(root, path, whole) && file_first_line(whole, line, size);
}

bool sysfile_value(const char *root, const char *path, const char *key, char separator, char *value,
                   size_t size)
{
    char whole[SYSFILE_PATH_MAX];
    FILE *file = join(root, path, whole) ? fopen(whole, "re") : NULL;
    char line[4096];
    bool found = false;
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        size_t length = strlen(key);
        char *at = line + length;
        if (strncmp(line, key, length) != 0) {
            continue;
        }
        at += strspn(at, " \t");
        if (*at == separator) {
            at += 1 + strspn(at + 1, " \t\"");
            at[strcspn(at, "\"\n")] = '\0';
            snprintf(value, size, "%s", at);
            found = true;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

bool sysfile_number(const char *root, const char *path, int64_t *number)
{
    char line[64];
    char *end = line;
    if (!sysfile_line(root, path, line, sizeof line)) {
        return false;
    }
    *number = strtoll(line, &end, 10);
    return end != line;
}

size_t sysfile_cpus(const char *list, unsigned cpus[SYSFILE_CPUS_MAX])
{
    size_t count = 0;
    const char *at = list;
    while (isdigit((unsigned char)*at)) {
        char *end;
        unsigned long first = strtoul(at, &end, 10);
        unsigned long last = first;
        if (*end == '-') {
            last = strtoul(end + 1, &end, 10);
        }
        for (unsigned long cpu = first; cpu <= last && count < SYSFILE_CPUS_MAX; cpu++) {
            cpus[count++] = (unsigned)cpu;
        }
        at = *end == ',' ? end + 1 : end;
    }
    return count;
}

bool sysfile_pressure(const char *root, const char *resource, double *percent)
{
    char path[64];
    char line[256];
    snprintf(path, sizeof path, "/proc/pressure/%s", resource);
    const char *at = sysfile_line(root, path, line, sizeof line) ? strstr(line, "avg10=") : NULL;
    if (at == NULL) {
        return false;
    }
    *percent = strtod(at + strlen("avg10="), NULL);
    return true;
}
