#include "preload/library.h"

/* TALLY_LIBRARY is the path of the built file. Compiled without link-time optimisation, which does
 * not see symbols that assembly defines. */
__asm__(".pushsection .rodata\n"
        ".balign 64\n"
        ".global assay__tally_library\n"
        ".hidden assay__tally_library\n"
        ".type assay__tally_library, %object\n"
        "assay__tally_library:\n"
        ".incbin \"" TALLY_LIBRARY "\"\n"
        ".global assay__tally_library_end\n"
        ".hidden assay__tally_library_end\n"
        ".type assay__tally_library_end, %object\n"
        "assay__tally_library_end:\n"
        ".byte 0\n"
        ".size assay__tally_library, assay__tally_library_end - assay__tally_library\n"
        ".size assay__tally_library_end, 1\n"
        ".popsection\n");
