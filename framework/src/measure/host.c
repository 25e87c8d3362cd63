#include "measure/host.h"
#include "base/file.h"
#include "measure/sysfile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

static bool has_cpu_flag(const char *flag)
{
    char flags[4096];
    if (!sysfile_value("", "/proc/cpuinfo", "flags", ':', flags, sizeof flags)) {
        return false;
    }
    size_t length = strlen(flag);
    for (const char *at = strstr(flags, flag); at != NULL; at = strstr(at + 1, flag)) {
        if ((at == flags || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static void read_model(struct host_facts *host)
{
    char part[32];
    if (sysfile_value("", "/proc/cpuinfo", "model name", ':', host->cpu_model,
                      sizeof host->cpu_model)) {
        return;
    }
    if (sysfile_value("", "/proc/cpuinfo", "CPU part", ':', part, sizeof part)) {
        char maker[32] = "?";
        sysfile_value("", "/proc/cpuinfo", "CPU implementer", ':', maker, sizeof maker);
        snprintf(host->cpu_model, sizeof host->cpu_model, "implementer %s part %s", maker, part);
        return;
    }
    copy_text(host->cpu_model, sizeof host->cpu_model, "unknown");
}

static int64_t parse_size(const char *text)
{
    char *unit;
    int64_t value = strtoll(text, &unit, 10);
    return *unit == 'K' ? value * 1024 : *unit == 'M' ? value * 1024 * 1024 : value;
}

static void read_caches(struct host_facts *host)
{
    static const char folder[] = "/sys/devices/system/cpu/cpu0/cache";
    for (size_t i = 0; i < HOST_CACHES_MAX; i++) {
        char path[128];
        char level[16];
        char size[32];
        struct host_cache *cache = &host->caches[host->cache_count];
        snprintf(path, sizeof path, "%s/index%zu/level", folder, i);
        if (!file_first_line(path, level, sizeof level)) {
            return;
        }
        snprintf(path, sizeof path, "%s/index%zu/size", folder, i);
        if (!file_first_line(path, size, sizeof size)) {
            continue;
        }
        snprintf(path, sizeof path, "%s/index%zu/type", folder, i);
        if (!file_first_line(path, cache->type, sizeof cache->type)) {
            copy_text(cache->type, sizeof cache->type, "unknown");
        }
        cache->level = (int)strtol(level, NULL, 10);
        cache->size_bytes = parse_size(size);
        host->cache_count++;
    }
}

static uint64_t hash_more(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void make_key(struct host_facts *host)
{
    char numbers[128];
    uint64_t hash = hash_more(UINT64_C(0xcbf29ce484222325), host->cpu_model);
    snprintf(numbers, sizeof numbers, "|%d|%" PRId64 "|", host->cpus,
             (host->memory_bytes + (INT64_C(1) << 29)) >> 30);
    hash = hash_more(hash, numbers);
    for (size_t i = 0; i < host->cache_count; i++) {
        snprintf(numbers, sizeof numbers, "L%d %s %" PRId64 "|", host->caches[i].level,
                 host->caches[i].type, host->caches[i].size_bytes);
        hash = hash_more(hash, numbers);
    }
    hash = hash_more(hash, host->architecture);
    snprintf(host->key, sizeof host->key, "%016" PRIx64, hash);
}

void host_read(struct host_facts *host)
{
    *host = (struct host_facts){.cpus = (int)sysconf(_SC_NPROCESSORS_ONLN)};
    host->memory_bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    if (gethostname(host->name, sizeof host->name - 1) != 0) {
        copy_text(host->name, sizeof host->name, "unknown");
    }
    struct utsname system;
    if (uname(&system) == 0) {
        copy_text(host->architecture, sizeof host->architecture, system.machine);
        snprintf(host->kernel, sizeof host->kernel, "%.40s %.80s", system.sysname, system.release);
    } else {
        copy_text(host->architecture, sizeof host->architecture, "unknown");
        copy_text(host->kernel, sizeof host->kernel, "unknown");
    }
    if (!sysfile_value("", "/etc/os-release", "PRETTY_NAME", '=', host->os, sizeof host->os)) {
        copy_text(host->os, sizeof host->os, "unknown");
    }
    host->virtual_machine = has_cpu_flag("hypervisor");
    read_model(host);
    read_caches(host);
    make_key(host);
}
