#include "base/memory.h"
#include "versus/image.h"
#include "versus/image_internal.h"

#include <stdlib.h>
#include <string.h>

static void read_symbol_table(struct image *image, const Elf64_Sym *table, size_t count,
                              size_t names)
{
    uint32_t source = 0;
    image->symbols = memory_zeroed(count, sizeof *image->symbols);
    image->symbol_count = count;
    for (size_t i = 0; i < count; i++) {
        unsigned char type = ELF64_ST_TYPE(table[i].st_info);
        unsigned char binding = ELF64_ST_BIND(table[i].st_info);
        /* Local symbols stand behind the name of their source file. */
        if (type == STT_FILE) {
            source++;
        }
        image->symbols[i] =
            (struct image_symbol){.name = image_text(image, names, table[i].st_name),
                                  .address = table[i].st_value,
                                  .size = table[i].st_size,
                                  .source = binding == STB_LOCAL ? source : 0,
                                  .section = table[i].st_shndx,
                                  .type = type,
                                  .binding = binding};
    }
}

static int extent_order(const void *a, const void *b)
{
    const struct image_extent *x = a;
    const struct image_extent *y = b;
    if (x->start != y->start) {
        return x->start < y->start ? -1 : 1;
    }
    if (x->end != y->end) {
        return x->end > y->end ? -1 : 1;
    }
    return (x->symbol > y->symbol) - (x->symbol < y->symbol);
}

static bool has_extent(const struct image *image, const struct image_symbol *symbol)
{
    if (symbol->type != STT_FUNC && symbol->type != STT_OBJECT && symbol->type != STT_GNU_IFUNC) {
        return false;
    }
    if (symbol->size == 0 || symbol->section == SHN_UNDEF || symbol->section >= SHN_LORESERVE) {
        return false;
    }
    const struct image_section *section = image_section_at(image, symbol->address);
    return section != NULL && symbol->size <= section->size - (symbol->address - section->address);
}

/* Aliases and symbols inside others become one extent: it is compared as a whole. */
static void read_extents(struct image *image)
{
    struct image_extent *extents = memory_zeroed(image->symbol_count, sizeof *extents);
    size_t count = 0;
    for (size_t i = 0; i < image->symbol_count; i++) {
        const struct image_symbol *symbol = &image->symbols[i];
        if (has_extent(image, symbol)) {
            extents[count++] =
                (struct image_extent){symbol->address, symbol->address + symbol->size, symbol};
        }
    }
    qsort(extents, count, sizeof *extents, extent_order);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && extents[i].start < extents[kept - 1].end) {
            if (extents[i].end > extents[kept - 1].end) {
                extents[kept - 1].end = extents[i].end;
            }
        } else {
            extents[kept++] = extents[i];
        }
    }
    image->extents = extents;
    image->extent_count = kept;
}

static int fixup_order(const void *a, const void *b)
{
    const Elf64_Rela *x = a;
    const Elf64_Rela *y = b;
    if (x->r_offset != y->r_offset) {
        return x->r_offset < y->r_offset ? -1 : 1;
    }
    if (x->r_info != y->r_info) {
        return x->r_info < y->r_info ? -1 : 1;
    }
    return (x->r_addend > y->r_addend) - (x->r_addend < y->r_addend);
}

/* Adds the relocations of one section that the linker kept. */
static void add_fixups(struct image *image, const Elf64_Rela *relas, size_t count)
{
    image->fixups = memory_resize(image->fixups, image->fixup_count + count, sizeof *image->fixups);
    for (size_t i = 0; i < count; i++) {
        if (ELF64_R_TYPE(relas[i].r_info) == R_X86_64_NONE) {
            continue;
        }
        if (ELF64_R_SYM(relas[i].r_info) >= image->symbol_count) {
            image_refuse(image, "a relocation names no symbol");
            return;
        }
        image->fixups[image->fixup_count++] = relas[i];
    }
}

static void read_fixups(struct image *image, size_t symbol_table)
{
    Elf64_Shdr *header = NULL;
    Elf_Scn *scn = NULL;
    for (size_t i = 0; (scn = image_find(image, SHT_RELA, i, &header)) != NULL; i++) {
        Elf_Scn *target = elf_getscn(image->elf, header->sh_info);
        const Elf64_Shdr *target_header = target == NULL ? NULL : elf64_getshdr(target);
        if ((header->sh_flags & SHF_ALLOC) != 0 || header->sh_link != symbol_table ||
            target_header == NULL || (target_header->sh_flags & SHF_ALLOC) == 0) {
            continue;
        }
        size_t count = 0;
        const Elf64_Rela *relas = image_entries(scn, sizeof *relas, &count);
        if (relas != NULL) {
            add_fixups(image, relas, count);
        }
    }
    qsort(image->fixups, image->fixup_count, sizeof *image->fixups, fixup_order);
    if (image->fixup_count == 0) {
        image_refuse(image, "it was linked without --emit-relocs");
    }
}

void image_read_symbols(struct image *image)
{
    Elf64_Shdr *header = NULL;
    Elf_Scn *scn = image_find(image, SHT_SYMTAB, 0, &header);
    size_t count = 0;
    const Elf64_Sym *table = scn == NULL ? NULL : image_entries(scn, sizeof *table, &count);
    if (table == NULL) {
        image_refuse(image, "it is stripped of its symbols");
        return;
    }
    read_symbol_table(image, table, count, header->sh_link);
    read_extents(image);
    read_fixups(image, elf_ndxscn(scn));
}
