#include "app/doctor.h"
#include "base/children.h"

#include <stdio.h>

struct environment_site doctor_site(const struct assay_suite *suite, int64_t pin_cpu)
{
    return (struct environment_site){
        .root = "", .optimised = suite->optimised, .flags = suite->flags, .cpu = pin_cpu};
}

void doctor_print_checks(const struct environment_site *site, bool colour)
{
    struct environment_check checks[ENVIRONMENT_CHECKS_MAX];
    size_t count = environment_check(site, checks);
    for (size_t i = 0; i < count; i++) {
        const struct environment_check *check = &checks[i];
        bool fine = check->advice[0] == '\0';
        const char *mark = check->warns ? "!" : fine ? " " : "-";
        printf("%s%s %-20s%s %s\n", colour && check->warns ? "\033[33m" : "", mark, check->name,
               colour && check->warns ? "\033[0m" : "", check->finding);
        printf("%22s -> %s\n", "", fine ? "nothing to do" : check->advice);
    }
}

void doctor_print(const struct assay_suite *suite, int64_t pin_cpu, bool colour)
{
    struct host_facts host;
    struct environment_site site = doctor_site(suite, pin_cpu);
    host_read(&host);
    printf("%s, %d CPUs, %.1f GiB, %s, %s%s\n", host.cpu_model, host.cpus,
           (double)host.memory_bytes / (1 << 30), host.os, host.kernel,
           host.virtual_machine ? ", virtual machine" : "");
    printf("compiled by %s\n\n", suite->compiler);
    doctor_print_checks(&site, colour);
}

static bool watch(void *context, double part)
{
    progress_draw(context, "the machine", "how steady it is", part);
    return !children_asked_to_end();
}

bool doctor_print_stability(double seconds, struct progress *progress)
{
    struct steadiness steadiness;
    struct str text = STR_EMPTY;
    fflush(stdout);
    progress->total = 1;
    progress->seconds_each = seconds;
    steadiness_begin(&steadiness);
    bool whole = steadiness_observe(&steadiness, seconds, watch, progress);
    progress_erase(progress);
    if (whole) {
        struct stability stability = steadiness_grade(&steadiness);
        steadiness_add_sentence(&stability, &text);
        const char *advice = stability_advice(&stability);
        printf("\nstability: %s\n", str_text(&text));
        printf("%22s -> %s\n", "", advice[0] == '\0' ? "nothing to do" : advice);
    }
    steadiness_release(&steadiness);
    str_release(&text);
    return whole;
}

void doctor_add_warnings(const struct environment_site *site, struct result *result)
{
    struct environment_check checks[ENVIRONMENT_CHECKS_MAX];
    size_t count = environment_check(site, checks);
    for (size_t i = 0; i < count; i++) {
        if (checks[i].warns) {
            result_add_warning(result, checks[i].advice);
        }
    }
}
