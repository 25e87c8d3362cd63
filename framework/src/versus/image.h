/* An executable as a closure walk needs it: sections, sized symbols, and where an address stands in
 * the bytes. Reads ELF by libelf; whatever the file holds, nothing outside it is read. */
#ifndef ASSAY_VERSUS_IMAGE_H
#define ASSAY_VERSUS_IMAGE_H

#include "base/error.h"
#include "base/str.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A section that is loaded. */
struct image_section {
    const char *name;
    uint64_t address;
    uint64_t size;
    const unsigned char *bytes; /* NULL: zeroed memory, as .bss */
    uint64_t flags;             /* SHF_... */
    uint32_t type;              /* SHT_... */
};

/* A symbol of the full symbol table, at the index that relocations use. */
struct image_symbol {
    const char *name; /* never NULL */
    uint64_t address;
    uint64_t size;
    uint32_t source;       /* source file, numbered from 1; 0: not known (a global symbol) */
    uint16_t section;      /* index in the file, or SHN_... */
    unsigned char type;    /* STT_... */
    unsigned char binding; /* STB_... */
};

/* Addresses that one function or object takes, or several that overlap. */
struct image_extent {
    uint64_t start;
    uint64_t end;
    const struct image_symbol *symbol; /* the first */
};

/* What the dynamic loader writes at an address. */
struct image_dynamic {
    uint64_t at;
    int64_t addend;   /* the address itself when name is NULL */
    const char *name; /* of the symbol that the loader looks up, or NULL */
};

/* A symbol that a library must provide. */
struct image_import {
    const char *name;
    const char *version; /* "" for none */
};

struct image {
    struct str file;
    struct str why; /* not empty: why nothing can be told about this file */
    const Elf64_Ehdr *header;

    struct image_section *sections; /* by address; zeroed thread-local storage stands apart */
    size_t section_count;
    struct image_section tls[2]; /* .tdata and .tbss, size 0 when there is none */
    uint64_t tls_block; /* bytes of a thread's block, which ends where its pointer stands */
    struct image_symbol *symbols;
    size_t symbol_count;
    struct image_extent *extents; /* by address, none overlapping */
    size_t extent_count;
    Elf64_Rela *fixups; /* the linker's relocations of loaded sections, by address */
    size_t fixup_count;
    struct image_dynamic *dynamics; /* by address */
    size_t dynamic_count;
    struct str libraries;         /* needed libraries and search path, a line each, in order */
    bool library_path;            /* it has a search path for libraries of its own */
    struct image_import *imports; /* by name */
    size_t import_count;
    struct image_symbol *exported; /* dynamic symbols that the file defines, by name */
    size_t exported_count;
    uint64_t *bounds; /* addresses that something refers to, rising; filled by the walk */
    size_t bound_count;

    void *elf; /* of libelf */
};

/* Reads the file. 0; -1 with STATUS_ENVIRONMENT when it cannot be read, is no ELF file or is cut
 * short. A file of another machine or without what is needed opens, and says so in `why`. `image`
 * starts zeroed; release it after success and failure alike. */
int image_load(struct image *image, const char *path, struct error *error);
void image_release(struct image *image);

/* The loaded section that holds the address; NULL for none. */
const struct image_section *image_section_at(const struct image *image, uint64_t address);
/* The bytes at an address, if the section holds size of them there; else NULL. */
const unsigned char *image_bytes(const struct image *image, uint64_t address, uint64_t size);
/* The function or object that holds the address; NULL for none. */
const struct image_extent *image_extent_at(const struct image *image, uint64_t address);
/* Index of the first extent (fixup, bound) at or behind the address; the count when none is. */
size_t image_extent_from(const struct image *image, uint64_t address);
size_t image_fixup_from(const struct image *image, uint64_t address);
size_t image_bound_from(const struct image *image, uint64_t address);
/* What the loader writes at exactly this address; NULL for nothing. */
const struct image_dynamic *image_dynamic_at(const struct image *image, uint64_t address);

static inline bool image_is_code(const struct image_section *section)
{
    return (section->flags & SHF_EXECINSTR) != 0;
}

/* The version of a symbol that a library provides; NULL when no such symbol, or more than one, is
 * imported. The name may carry its version as well ("printf@GLIBC_2.2.5"). */
const char *image_import_version(const struct image *image, const char *name);

/* Whether the section is the linker's own (PLT or GOT), whose entries symbols do not describe. */
bool image_is_linkage(const struct image_section *section);

#endif
