#include "versus/x86.h"

#include <string.h>

#define LENGTH_MAX    15
#define WIDTH_UNKNOWN 512

/* What follows an opcode; a letter an opcode in the maps below.
 *   .  nothing        m  ModRM                  x  no instruction of 64-bit mode
 *   b  imm8           B  ModRM and imm8         w  imm16        e  imm16 and imm8
 *   z  imm32 or 16    Z  ModRM and imm32 or 16  v  imm of the operand's size
 *   o  64-bit offset  j  rel8                   J  rel32
 *   g  ModRM, and imm8 if its reg is 0 or 1     G  the same with imm32 or 16
 *   p  prefix or escape, dealt with before */
static const char one_byte[257] = "mmmmbzxxmmmmbzxp"  /* 00 */
                                  "mmmmbzxxmmmmbzxx"  /* 10 */
                                  "mmmmbzpxmmmmbzpx"  /* 20 */
                                  "mmmmbzpxmmmmbzpx"  /* 30 */
                                  "pppppppppppppppp"  /* 40: REX */
                                  "................"  /* 50 */
                                  "xxpmppppzZbB...."  /* 60 */
                                  "jjjjjjjjjjjjjjjj"  /* 70 */
                                  "BZxBmmmmmmmmmmmm"  /* 80 */
                                  "..........x....."  /* 90 */
                                  "oooo....bz......"  /* a0 */
                                  "bbbbbbbbvvvvvvvv"  /* b0 */
                                  "BBw.ppBZe.w..bx."  /* c0 */
                                  "mmmmxxx.mmmmmmmm"  /* d0 */
                                  "jjjjbbbbJJxj...."  /* e0 */
                                  "p.pp..gG......mm"; /* f0 */

static const char two_bytes[257] = "mmmmx.....x.xm.x"  /* 00 */
                                   "mmmmmmmmmmmmmmmm"  /* 10 */
                                   "mmmmxxxxmmmmmmmm"  /* 20 */
                                   "......x.pxpxxxxx"  /* 30 */
                                   "mmmmmmmmmmmmmmmm"  /* 40 */
                                   "mmmmmmmmmmmmmmmm"  /* 50 */
                                   "mmmmmmmmmmmmmmmm"  /* 60 */
                                   "BBBBmmm.mmmmmmmm"  /* 70 */
                                   "JJJJJJJJJJJJJJJJ"  /* 80 */
                                   "mmmmmmmmmmmmmmmm"  /* 90 */
                                   "...mBmxx...mBmmm"  /* a0 */
                                   "mmmmmmmmmmBmmmmm"  /* b0 */
                                   "mmBmBBBm........"  /* c0 */
                                   "mmmmmmmmmmmmmmmm"  /* d0 */
                                   "mmmmmmmmmmmmmmmm"  /* e0 */
                                   "mmmmmmmmmmmmmmmm"; /* f0 */

enum encoding { LEGACY, VEX, EVEX };

struct parse {
    const uint8_t *code;
    size_t size;
    size_t at;
    enum encoding encoding;
    unsigned map;    /* 0 one byte, 1 0F, 2 0F38, 3 0F3A, above: EVEX only */
    uint8_t prefix;  /* 0, 0x66, 0xf3 or 0xf2: what selects the operation */
    bool operand_16; /* 66 was there, whatever else was */
    bool address_32; /* 67 */
    bool wide;       /* REX.W, VEX.W */
    bool long_vector;
    uint8_t opcode;
    bool has_memory;
    uint8_t reg; /* of ModRM */
};

static int next(struct parse *p, uint8_t *byte)
{
    if (p->at >= p->size || p->at >= LENGTH_MAX) {
        return -1;
    }
    *byte = p->code[p->at++];
    return 0;
}

static int skip(struct parse *p, size_t count)
{
    if (count > p->size - p->at || p->at + count > LENGTH_MAX) {
        return -1;
    }
    p->at += count;
    return 0;
}

/* VEX and EVEX name the prefix that they stand for by two bits. */
static uint8_t implied_prefix(unsigned bits)
{
    static const uint8_t prefixes[] = {0, 0x66, 0xf3, 0xf2};
    return prefixes[bits & 3];
}

/* After C4, C5 or 62: map, prefix, length and the opcode. */
static int parse_vector(struct parse *p, uint8_t first)
{
    uint8_t bytes[3] = {0};
    size_t count = first == 0xc5 ? 1 : first == 0xc4 ? 2 : 3;
    for (size_t i = 0; i < count; i++) {
        if (next(p, &bytes[i]) != 0) {
            return -1;
        }
    }
    uint8_t last = first == 0x62 ? bytes[1] : bytes[count - 1];
    p->encoding = first == 0x62 ? EVEX : VEX;
    p->map = first == 0xc5 ? 1 : first == 0xc4 ? bytes[0] & 0x1f : bytes[0] & 7;
    p->prefix = implied_prefix(last);
    p->wide = first != 0xc5 && (last & 0x80) != 0;
    p->long_vector = (last & 4) != 0;
    bool known =
        p->map >= 1 && (p->map <= 3 || (p->encoding == EVEX && p->map >= 5 && p->map <= 6));
    return known ? next(p, &p->opcode) : -1;
}

/* Legacy prefixes; leaves the first byte that is none in *byte. */
static int parse_prefixes(struct parse *p, uint8_t *byte)
{
    while (next(p, byte) == 0) {
        switch (*byte) {
        case 0x66:
            p->operand_16 = true;
            if (p->prefix == 0) {
                p->prefix = 0x66;
            }
            break;
        case 0xf2:
        case 0xf3:
            p->prefix = *byte;
            break;
        case 0x67:
            p->address_32 = true;
            break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65:
        case 0xf0:
            break;
        default:
            return 0;
        }
    }
    return -1;
}

/* Everything up to and with the opcode. */
static int parse_opcode(struct parse *p)
{
    uint8_t byte = 0;
    if (parse_prefixes(p, &byte) != 0) {
        return -1;
    }
    if ((byte & 0xf0) == 0x40) {
        p->wide = (byte & 8) != 0;
        if (next(p, &byte) != 0) {
            return -1;
        }
    } else if (byte == 0xc4 || byte == 0xc5 || byte == 0x62) {
        return parse_vector(p, byte);
    }
    if (byte == 0x0f) {
        if (next(p, &byte) != 0) {
            return -1;
        }
        p->map = byte == 0x38 ? 2 : byte == 0x3a ? 3 : 1;
        if (p->map > 1 && next(p, &byte) != 0) {
            return -1;
        }
    }
    p->opcode = byte;
    return 0;
}

static char kind_of(const struct parse *p)
{
    switch (p->map) {
    case 0:
        return one_byte[p->opcode];
    case 1:
        return two_bytes[p->opcode];
    case 3:
        return 'B';
    default:
        return 'm';
    }
}

/* ModRM, SIB and displacement. */
static int parse_operand(struct parse *p, struct x86_instruction *out)
{
    uint8_t modrm = 0;
    if (next(p, &modrm) != 0) {
        return -1;
    }
    unsigned mod = modrm >> 6;
    unsigned rm = modrm & 7;
    p->reg = (modrm >> 3) & 7;
    if (mod == 3) {
        return 0;
    }
    p->has_memory = true;
    size_t displacement = mod == 1 ? 1 : mod == 2 ? 4 : 0;
    if (rm == 4) {
        uint8_t sib = 0;
        if (next(p, &sib) != 0) {
            return -1;
        }
        if (mod == 0 && (sib & 7) == 5) {
            displacement = 4;
        }
    } else if (rm == 5 && mod == 0) {
        displacement = 4;
        out->relative_at = (uint8_t)p->at;
        out->relative_size = 4;
    }
    return skip(p, displacement);
}

static int parse_branch(struct parse *p, size_t size, struct x86_instruction *out)
{
    out->branch = true;
    out->relative_at = (uint8_t)p->at;
    out->relative_size = (uint8_t)size;
    return skip(p, size);
}

static int parse_immediate(struct parse *p, char kind, struct x86_instruction *out)
{
    size_t full = p->operand_16 && !p->wide ? 2 : 4;
    switch (kind) {
    case '.':
    case 'm':
        return 0;
    case 'b':
    case 'B':
        return skip(p, 1);
    case 'w':
        return skip(p, 2);
    case 'e':
        return skip(p, 3);
    case 'z':
        return skip(p, full);
    case 'Z':
        /* C7 F8 is xbegin: a jump on failure. */
        if (p->opcode == 0xc7 && p->reg == 7 && !p->has_memory) {
            return full == 4 ? parse_branch(p, 4, out) : -1;
        }
        return skip(p, full);
    case 'v':
        return skip(p, p->wide ? 8 : full);
    case 'o':
        return skip(p, p->address_32 ? 4 : 8);
    case 'j':
        return parse_branch(p, 1, out);
    case 'J':
        return parse_branch(p, 4, out);
    case 'g':
        return p->reg < 2 ? skip(p, 1) : 0;
    case 'G':
        return p->reg < 2 ? skip(p, full) : 0;
    default:
        return -1;
    }
}

static bool is_one_of(uint8_t opcode, const char *opcodes)
{
    return opcode != 0 && strchr(opcodes, opcode) != NULL;
}

static unsigned operand_width(const struct parse *p)
{
    return p->wide ? 8 : p->operand_16 ? 2 : 4;
}

/* Of the x87, by opcode from D8 and ModRM's reg. */
static unsigned x87_width(const struct parse *p)
{
    static const uint8_t widths[8][8] = {
        {4, 4, 4, 4, 4, 4, 4, 4},   {4, 4, 4, 4, 0, 2, 0, 2},   {4, 4, 4, 4, 4, 4, 4, 4},
        {4, 4, 4, 4, 0, 10, 0, 10}, {8, 8, 8, 8, 8, 8, 8, 8},   {8, 8, 8, 8, 0, 0, 0, 2},
        {2, 2, 2, 2, 2, 2, 2, 2},   {2, 2, 2, 2, 10, 8, 10, 8},
    };
    unsigned width = widths[p->opcode - 0xd8][p->reg];
    return width == 0 ? WIDTH_UNKNOWN : width;
}

/* Of a one-byte opcode. */
static unsigned integer_width(const struct parse *p)
{
    uint8_t op = p->opcode;
    if (op >= 0xd8 && op <= 0xdf) {
        return x87_width(p);
    }
    bool arithmetic = op < 0x40 && (op & 5) == 0;
    if (arithmetic || is_one_of(op, "\x80\x84\x86\x88\x8a\xc0\xc6\xd0\xd2\xf6\xfe")) {
        return 1;
    }
    return op == 0x8f || (op == 0xff && p->reg >= 2) ? 10 : operand_width(p);
}

/* Of a 0F opcode that works on general registers; 0 for the others. */
static unsigned two_byte_integer_width(const struct parse *p)
{
    uint8_t op = p->opcode;
    if (is_one_of(op, "\x01\xa3\xab\xae\xb3\xbb\xc7") || op == 0) {
        return WIDTH_UNKNOWN; /* saved state, or bits at any distance */
    }
    if ((op >= 0x90 && op <= 0x9f) || is_one_of(op, "\xb0\xb6\xbe\xc0")) {
        return 1;
    }
    if (is_one_of(op, "\xb7\xbf\xc4")) {
        return 2;
    }
    bool general = (op >= 0x40 && op <= 0x4f) || is_one_of(op, "\xa4\xa5\xac\xad\xaf\xb1\xb8") ||
                   is_one_of(op, "\xba\xbc\xbd\xc1\xc3");
    return general ? operand_width(p) : 0;
}

/* Of any other 0F opcode, with 128-bit registers. */
static unsigned two_byte_vector_width(const struct parse *p)
{
    uint8_t op = p->opcode;
    if (p->prefix == 0xf2 || p->prefix == 0xf3) {
        if (op == 0x2a) {
            return p->wide ? 8 : 4;
        }
        if (is_one_of(op, "\x10\x11\x2c\x2d\x51\x52\x53\x58\x59\x5a\x5c\x5d\x5e\x5f\xc2")) {
            return p->prefix == 0xf2 ? 8 : 4;
        }
        return is_one_of(op, p->prefix == 0xf2 ? "\x12" : "\x7e\xe6") ? 8 : 16;
    }
    if (op == 0x2e || op == 0x2f) {
        return p->prefix == 0x66 ? 8 : 4;
    }
    if (op == 0x6e || op == 0x7e) {
        return p->wide ? 8 : 4;
    }
    return is_one_of(op, "\x12\x13\x16\x17\xd6") ? 8 : 16;
}

/* Of a 0F38 or 0F3A opcode that does not fill its register; 0 for the others. */
static unsigned element_width(const struct parse *p)
{
    static const struct {
        uint8_t map;
        uint8_t opcode;
        uint8_t width;
    } elements[] = {
        {2, 0x18, 4}, {2, 0x19, 8}, {2, 0x58, 4}, {2, 0x59, 8}, {2, 0x78, 1}, {2, 0x79, 2},
        {2, 0xf0, 8}, {2, 0xf1, 8}, {3, 0x0a, 4}, {3, 0x0b, 8}, {3, 0x14, 1}, {3, 0x15, 2},
        {3, 0x16, 8}, {3, 0x17, 4}, {3, 0x20, 1}, {3, 0x21, 4}, {3, 0x22, 8},
    };
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        if (elements[i].map == p->map && elements[i].opcode == p->opcode) {
            return elements[i].width;
        }
    }
    bool scalar_fma = p->map == 2 && p->opcode >= 0x90 && p->opcode < 0xc0 &&
                      (p->opcode & 1) == 1 && (p->opcode & 0xf) >= 9;
    return scalar_fma ? 8 : 0;
}

static unsigned memory_width(const struct parse *p)
{
    if (p->map == 0) {
        return integer_width(p);
    }
    if (p->encoding == EVEX) {
        return 64;
    }
    unsigned width = p->map > 1 ? element_width(p) : two_byte_integer_width(p);
    if (p->encoding == VEX && p->map == 1 && p->opcode < 0x90) {
        width = 0; /* 40 to 4f stand for mask registers */
    }
    if (width == 0) {
        width = p->map == 1 ? two_byte_vector_width(p) : 16;
        width *= p->long_vector && width >= 8 ? 2 : 1;
    }
    return width;
}

int x86_decode(const uint8_t *code, size_t size, struct x86_instruction *out)
{
    struct parse p = {.code = code, .size = size};
    struct x86_instruction found = {0};
    if (parse_opcode(&p) != 0) {
        return -1;
    }
    char kind = kind_of(&p);
    if (p.encoding == LEGACY && p.map == 0 && p.opcode == 0x8f && p.at < size &&
        (code[p.at] & 0x38) != 0) {
        return -1; /* AMD's XOP */
    }
    if (strchr("mBZgG", kind) != NULL && parse_operand(&p, &found) != 0) {
        return -1;
    }
    if (parse_immediate(&p, kind, &found) != 0) {
        return -1;
    }
    if (p.has_memory && !(p.map == 0 && p.opcode == 0x8d)) {
        found.width = (uint16_t)memory_width(&p);
    }
    found.length = (uint8_t)p.at;
    *out = found;
    return 0;
}
