/* What the file of a program tells of what can be put before its allocator. 64-bit ELF. */
#ifndef ASSAY_BASE_EXECUTABLE_H
#define ASSAY_BASE_EXECUTABLE_H

#include <stdbool.h>

struct executable_facts {
    bool dynamic;          /* it is started by the dynamic linker */
    const char *sanitizer; /* "AddressSanitizer" and the like: it brings an allocator of its own,
                              and must be first. Static text; NULL: none */
};

/* Reads an open file. false when it cannot be read or is no such program. */
bool executable_read(int fd, struct executable_facts *facts);

#endif
