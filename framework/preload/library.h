/* The bytes of the counting library's file (tally.h), as libassay carries them. */
#ifndef ASSAY_PRELOAD_LIBRARY_H
#define ASSAY_PRELOAD_LIBRARY_H

extern const unsigned char assay__tally_library[] __attribute__((visibility("hidden")));
extern const unsigned char assay__tally_library_end[] __attribute__((visibility("hidden")));

#endif
