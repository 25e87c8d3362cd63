#include "versus/image.h"
#include "base/file.h"
#include "base/memory.h"
#include "versus/image_internal.h"

#include <stdlib.h>
#include <string.h>

void image_refuse(struct image *image, const char *why)
{
    if (image->why.length == 0) {
        str_add(&image->why, why);
    }
}

Elf_Scn *image_find(const struct image *image, uint32_t type, size_t number, Elf64_Shdr **header)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(image->elf, section)) != NULL) {
        *header = elf64_getshdr(section);
        if (*header != NULL && (*header)->sh_type == type && number-- == 0) {
            return section;
        }
    }
    return NULL;
}

const void *image_entries(Elf_Scn *section, size_t entry, size_t *count)
{
    const Elf_Data *data = elf_getdata(section, NULL);
    *count = 0;
    size_t alignment = entry < sizeof(uint64_t) ? entry : sizeof(uint64_t);
    if (data == NULL || data->d_buf == NULL || data->d_size % entry != 0 ||
        (uintptr_t)data->d_buf % alignment != 0) {
        return NULL;
    }
    *count = data->d_size / entry;
    return data->d_buf;
}

const char *image_text(const struct image *image, size_t table, size_t offset)
{
    const char *text = elf_strptr(image->elf, table, offset);
    return text == NULL ? "" : text;
}

static int by_address(const void *a, const void *b)
{
    const struct image_section *x = a;
    const struct image_section *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

static void add_section(struct image *image, Elf_Scn *scn, const Elf64_Shdr *header, size_t names)
{
    const Elf_Data *data = header->sh_type == SHT_NOBITS ? NULL : elf_rawdata(scn, NULL);
    struct image_section section = {.name = image_text(image, names, header->sh_name),
                                    .address = header->sh_addr,
                                    .size = header->sh_size,
                                    .bytes = data == NULL ? NULL : data->d_buf,
                                    .flags = header->sh_flags,
                                    .type = header->sh_type};
    bool zeroed = header->sh_type == SHT_NOBITS;
    if (section.address + section.size < section.address ||
        (!zeroed && section.bytes == NULL && section.size > 0)) {
        image_refuse(image, "its section table is damaged");
        return;
    }
    if ((section.flags & SHF_TLS) != 0) {
        image->tls[zeroed ? 1 : 0] = section;
        if (zeroed) {
            return;
        }
    }
    image->sections[image->section_count++] = section;
}

static void read_sections(struct image *image)
{
    size_t count = 0;
    size_t names = 0;
    if (elf_getshdrnum(image->elf, &count) != 0 || elf_getshdrstrndx(image->elf, &names) != 0) {
        image_refuse(image, "its section table is damaged");
        return;
    }
    image->sections = memory_zeroed(count, sizeof *image->sections);
    Elf_Scn *scn = NULL;
    for (size_t i = 1; i < count && (scn = elf_nextscn(image->elf, scn)) != NULL; i++) {
        const Elf64_Shdr *header = elf64_getshdr(scn);
        if (header != NULL && (header->sh_flags & SHF_ALLOC) != 0) {
            add_section(image, scn, header, names);
        }
    }
    qsort(image->sections, image->section_count, sizeof *image->sections, by_address);
    for (size_t i = 1; i < image->section_count; i++) {
        const struct image_section *before = &image->sections[i - 1];
        if (before->address + before->size > image->sections[i].address) {
            image_refuse(image, "its sections overlap");
        }
    }
}

/* Whether every section's bytes are in the file. */
static bool is_whole(const struct image *image)
{
    const Elf64_Ehdr *header = image->header;
    uint64_t size = image->file.length;
    uint64_t table = (uint64_t)header->e_shnum * sizeof(Elf64_Shdr);
    if (header->e_shoff > size || table > size - header->e_shoff) {
        return false;
    }
    Elf_Scn *scn = NULL;
    while ((scn = elf_nextscn(image->elf, scn)) != NULL) {
        const Elf64_Shdr *section = elf64_getshdr(scn);
        if (section == NULL) {
            return false;
        }
        if (section->sh_type != SHT_NOBITS &&
            (section->sh_offset > size || section->sh_size > size - section->sh_offset)) {
            return false;
        }
    }
    return true;
}

/* Whether the file is of a kind that can be followed; says why not. */
static bool is_supported(struct image *image)
{
    const unsigned char *ident = (const unsigned char *)image->file.data;
    if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB) {
        image_refuse(image, "it is no 64-bit little-endian program");
        return false;
    }
    image->header = elf64_getehdr(image->elf);
    if (image->header == NULL) {
        image_refuse(image, "its header is damaged");
    } else if (image->header->e_machine != EM_X86_64) {
        image_refuse(image, "only x86-64 programs can be followed");
    } else if (image->header->e_type != ET_DYN) {
        image_refuse(image, "it is no position-independent executable");
    } else if (image->header->e_shnum == 0) {
        image_refuse(image, "it has no section table");
    } else if (image->header->e_shoff % sizeof(uint64_t) != 0 ||
               image->header->e_phoff % sizeof(uint64_t) != 0) {
        image_refuse(image, "its tables are not aligned");
    }
    return image->why.length == 0;
}

int image_load(struct image *image, const char *path, struct error *error)
{
    if (file_load(path, &image->file, error) != 0) {
        return -1;
    }
    if (elf_version(EV_CURRENT) == EV_NONE) {
        return error_set(error, STATUS_ENVIRONMENT, "libelf: %s", elf_errmsg(-1));
    }
    if (image->file.length >= EI_NIDENT) {
        image->elf = elf_memory(image->file.data, image->file.length);
    }
    if (image->elf == NULL || elf_kind(image->elf) != ELF_K_ELF) {
        return error_set(error, STATUS_ENVIRONMENT, "%s is no ELF file; an executable is needed",
                         path);
    }
    if (image->file.length < sizeof(Elf64_Ehdr)) {
        return error_set(error, STATUS_ENVIRONMENT, "%s is cut short", path);
    }
    if (!is_supported(image)) {
        return 0;
    }
    if (!is_whole(image)) {
        return error_set(error, STATUS_ENVIRONMENT, "%s is cut short", path);
    }
    read_sections(image);
    if (image->why.length == 0) {
        image_read_symbols(image);
    }
    if (image->why.length == 0) {
        image_read_dynamic(image);
    }
    return 0;
}

void image_release(struct image *image)
{
    if (image->elf != NULL) {
        (void)elf_end(image->elf);
    }
    str_release(&image->file);
    str_release(&image->why);
    str_release(&image->libraries);
    free(image->sections);
    free(image->symbols);
    free(image->extents);
    free(image->fixups);
    free(image->dynamics);
    free(image->imports);
    free(image->exported);
    free(image->bounds);
    *image = (struct image){0};
}

const struct image_section *image_section_at(const struct image *image, uint64_t address)
{
    size_t low = 0;
    size_t high = image->section_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct image_section *section = &image->sections[middle];
        if (address < section->address) {
            high = middle;
        } else if (address - section->address >= section->size) {
            low = middle + 1;
        } else {
            return section;
        }
    }
    return NULL;
}

const unsigned char *image_bytes(const struct image *image, uint64_t address, uint64_t size)
{
    const struct image_section *section = image_section_at(image, address);
    if (section == NULL || section->bytes == NULL ||
        size > section->size - (address - section->address)) {
        return NULL;
    }
    return section->bytes + (address - section->address);
}

/* Index of the first of count entries whose 64-bit number, at the start of each, is at least the
 * address. */
static size_t first_from(const void *entries, size_t count, size_t entry, uint64_t address)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t number;
        memcpy(&number, (const char *)entries + middle * entry, sizeof number);
        if (number < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t image_extent_from(const struct image *image, uint64_t address)
{
    return first_from(image->extents, image->extent_count, sizeof *image->extents, address);
}

size_t image_fixup_from(const struct image *image, uint64_t address)
{
    return first_from(image->fixups, image->fixup_count, sizeof *image->fixups, address);
}

size_t image_bound_from(const struct image *image, uint64_t address)
{
    return first_from(image->bounds, image->bound_count, sizeof *image->bounds, address);
}

const struct image_extent *image_extent_at(const struct image *image, uint64_t address)
{
    size_t at = image_extent_from(image, address);
    if (at < image->extent_count && image->extents[at].start == address) {
        return &image->extents[at];
    }
    return at > 0 && address < image->extents[at - 1].end ? &image->extents[at - 1] : NULL;
}

const struct image_dynamic *image_dynamic_at(const struct image *image, uint64_t address)
{
    size_t at = first_from(image->dynamics, image->dynamic_count, sizeof *image->dynamics, address);
    bool found = at < image->dynamic_count && image->dynamics[at].at == address;
    bool alone = at + 1 >= image->dynamic_count || image->dynamics[at + 1].at != address;
    return found && alone ? &image->dynamics[at] : NULL;
}

const char *image_import_version(const struct image *image, const char *name)
{
    size_t length = strcspn(name, "@");
    const struct image_import *found = NULL;
    for (size_t i = 0; i < image->import_count; i++) {
        const struct image_import *import = &image->imports[i];
        if (strncmp(import->name, name, length) == 0 && import->name[length] == '\0') {
            if (found != NULL) {
                return NULL;
            }
            found = import;
        }
    }
    return found == NULL ? NULL : found->version;
}

bool image_is_linkage(const struct image_section *section)
{
    return strncmp(section->name, ".plt", 4) == 0 || strncmp(section->name, ".got", 4) == 0 ||
           strncmp(section->name, ".iplt", 5) == 0;
}
