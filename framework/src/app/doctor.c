#include "app/doctor.h"
#include "measure/environment.h"

#include <stdio.h>

void doctor_print(const struct assay_suite *suite, bool colour)
{
    struct environment_check checks[ENVIRONMENT_CHECKS_MAX];
    struct host_facts host;
    size_t count = environment_check(checks, suite->optimised, suite->flags);
    host_read(&host);
    printf("%s, %d CPUs, %.1f GiB, %s, %s%s\n", host.cpu_model, host.cpus,
           (double)host.memory_bytes / (1 << 30), host.os, host.kernel,
           host.virtual_machine ? ", virtual machine" : "");
    printf("compiled by %s\n\n", suite->compiler);
    for (size_t i = 0; i < count; i++) {
        const char *mark = checks[i].warns ? "!" : checks[i].advice[0] != '\0' ? "-" : " ";
        printf("%s%s %-22s%s %s\n", colour && checks[i].warns ? "\033[33m" : "", mark,
               checks[i].name, colour && checks[i].warns ? "\033[0m" : "", checks[i].finding);
        if (checks[i].advice[0] != '\0') {
            printf("%25s %s\n", "->", checks[i].advice);
        }
    }
}

void doctor_add_warnings(const struct assay_suite *suite, struct result *result)
{
    struct environment_check checks[ENVIRONMENT_CHECKS_MAX];
    size_t count = environment_check(checks, suite->optimised, suite->flags);
    for (size_t i = 0; i < count; i++) {
        if (checks[i].warns) {
            result_add_warning(result, checks[i].advice);
        }
    }
}
