/* Code that is never run: linked in front of the rest it moves everything behind it. 64 bytes a
 * unit, so that functions keep their alignment. */
#ifndef PAD_UNITS
#define PAD_UNITS 1
#endif
#define PAD_TEXT(value_)  PAD_TEXT_(value_)
#define PAD_TEXT_(value_) #value_

__asm__(".text\n"
        ".p2align 6\n"
        ".skip 64 * " PAD_TEXT(PAD_UNITS) ", 0x90\n");
