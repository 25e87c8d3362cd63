/* doctor ROOT [CPU]: the checks of --doctor on a copy of some machine's /proc and /sys. */
#include "app/doctor.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: doctor ROOT [CPU]\n");
        return 2;
    }
    struct environment_site site = {.root = argv[1],
                                    .optimised = true,
                                    .flags = "-O2 -falign-functions=64",
                                    .cpu = argc > 2 ? strtol(argv[2], NULL, 10) : -1};
    doctor_print_checks(&site, false);
    return 0;
}
