/* What the files that fill an image share. */
#ifndef ASSAY_VERSUS_IMAGE_INTERNAL_H
#define ASSAY_VERSUS_IMAGE_INTERNAL_H

#include "versus/image.h"

#include <libelf.h>

/* The sections of one type: the number-th one from 0, with its header; NULL when there is none. */
Elf_Scn *image_find(const struct image *image, uint32_t type, size_t number, Elf64_Shdr **header);
/* The section's entries, each of `entry` bytes; 0 and NULL when it holds no whole ones. */
const void *image_entries(Elf_Scn *section, size_t entry, size_t *count);
/* The text at an offset of string table `table`; "" when the file holds none there. */
const char *image_text(const struct image *image, size_t table, size_t offset);
/* Says why nothing can be told, unless that is said already. */
void image_refuse(struct image *image, const char *why);

/* The full symbol table, the extents, and the linker's relocations. */
void image_read_symbols(struct image *image);
/* What concerns the loader: libraries, versions, relocations at load time, exports. */
void image_read_dynamic(struct image *image);

#endif
