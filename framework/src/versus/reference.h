/* What the code and data of one executable refer to. */
#ifndef ASSAY_VERSUS_REFERENCE_H
#define ASSAY_VERSUS_REFERENCE_H

#include "base/str.h"
#include "versus/image.h"
#include "versus/x86.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An instruction at its address, with the linker's relocations of its bytes. */
struct code_step {
    uint64_t at;
    const unsigned char *bytes;
    struct x86_instruction op;
    size_t fixup; /* index of the first, count of all */
    size_t fixup_count;
};

enum reference_kind {
    REFERENCE_UNKNOWN = 0, /* `why` was written */
    REFERENCE_IMPORT,      /* a symbol that a library provides, or nobody does (weak) */
    REFERENCE_PLACE,       /* an address of this file */
    REFERENCE_THREAD       /* a thread-local variable */
};

struct reference {
    enum reference_kind kind;
    const char *name;                  /* of an import */
    const char *version;               /* of an import, "" for none */
    const struct image_symbol *symbol; /* of a thread-local variable */
    uint64_t address;                  /* of a place */
    int64_t offset;                    /* what is added to an import or a thread-local variable */
    /* The place is known by its address alone: it may stand for the end of what is before it. */
    bool by_address;
    unsigned width; /* bytes that are read or written there at most; 0: its address is taken */
};

enum place_kind { PLACE_CODE, PLACE_OBJECT, PLACE_UNNAMED, PLACE_THREAD };

/* A function, an object, or unnamed constants. */
struct place {
    enum place_kind kind;
    uint64_t start; /* of a thread-local variable: within the block of a thread */
    uint64_t end;
    const char *name;
    uint32_t source; /* source file, 0: not known */
};

/* Decodes the instruction at an address below end. 0, or -1 when it is not known. */
int code_step_at(const struct image *image, uint64_t at, uint64_t end, struct code_step *step);

/* Where the instruction's relative displacement leads; it has one. */
uint64_t code_step_target(const struct code_step *step);

/* What a relocation of the instruction refers to. */
struct reference reference_of_code(const struct image *image, const struct code_step *step,
                                   const Elf64_Rela *fixup, struct str *why);
/* What a pointer of 8 bytes with this relocation refers to. */
struct reference reference_of_pointer(const struct image *image, const Elf64_Rela *fixup,
                                      struct str *why);

/* Whether the linker put other code in place of a call for the address of a thread-local variable,
 * so that the relocation writes nothing there. */
bool fixup_is_spent(const struct image *image, const struct code_step *step,
                    const Elf64_Rela *fixup);

/* Bytes that a relocation writes; 0 for a type that is not followed. */
size_t fixup_size(const Elf64_Rela *fixup);

/* The function, object or run of constants that holds what is referred to. 0, or -1 with `why`. */
int reference_place(const struct image *image, const struct reference *reference,
                    struct place *place, struct str *why);

/* Fills image->bounds: every address of data that code or a pointer refers to. */
void reference_read_bounds(struct image *image);

#endif
