/* The length of x86-64 instructions, and where each refers to another address. Pure: no state. */
#ifndef ASSAY_VERSUS_X86_H
#define ASSAY_VERSUS_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct x86_instruction {
    uint8_t length; /* bytes, 1 to 15 */
    /* The displacement that is relative to the instruction's end: of a branch or of a memory
     * operand. relative_size is 0 (none), 1 or 4 bytes; relative_at counts from the start. */
    uint8_t relative_at;
    uint8_t relative_size;
    bool branch; /* call or jump by that displacement */
    /* Bytes that a memory operand has at most (512: not known better); 0: none is read or written,
     * as by lea, which takes an address. */
    uint16_t width;
};

/* Decodes one instruction of 64-bit mode at code, of which size bytes may be read. 0, or -1 when
 * the bytes are no instruction that is known here or are cut short. */
int x86_decode(const uint8_t *code, size_t size, struct x86_instruction *out);

#endif
