#include "base/memory.h"
#include "versus/image.h"
#include "versus/image_internal.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#ifndef SHT_RELR
#define SHT_RELR 19
#endif

static void read_libraries(struct image *image)
{
    Elf64_Shdr *header = NULL;
    Elf_Scn *scn = image_find(image, SHT_DYNAMIC, 0, &header);
    size_t count = 0;
    const Elf64_Dyn *entries = scn == NULL ? NULL : image_entries(scn, sizeof *entries, &count);
    for (size_t i = 0; entries != NULL && i < count && entries[i].d_tag != DT_NULL; i++) {
        uint64_t value = entries[i].d_un.d_val;
        switch (entries[i].d_tag) {
        case DT_RPATH:
        case DT_RUNPATH:
            image->library_path = true;
            /* fall through */
        case DT_NEEDED:
            str_format(&image->libraries, "%s\n", image_text(image, header->sh_link, value));
            break;
        case DT_FLAGS:
        case DT_FLAGS_1:
            str_format(&image->libraries, "flags %llx\n", (unsigned long long)value);
            break;
        default:
            break;
        }
    }
}

/* The name of a version that the file needs, by its number; "" for none. */
static const char *version_name(const struct image *image, unsigned number)
{
    Elf64_Shdr *header = NULL;
    Elf_Scn *scn = image_find(image, SHT_GNU_verneed, 0, &header);
    Elf_Data *data = scn == NULL ? NULL : elf_getdata(scn, NULL);
    size_t at = 0;
    for (size_t i = 0; data != NULL && i < header->sh_info && at < data->d_size; i++) {
        GElf_Verneed need;
        if (gelf_getverneed(data, (int)at, &need) == NULL) {
            return "";
        }
        size_t aux_at = at + need.vn_aux;
        for (size_t j = 0; j < need.vn_cnt && aux_at < data->d_size; j++) {
            GElf_Vernaux aux;
            if (gelf_getvernaux(data, (int)aux_at, &aux) == NULL) {
                return "";
            }
            if (aux.vna_other == number) {
                return image_text(image, header->sh_link, aux.vna_name);
            }
            if (aux.vna_next == 0) {
                break;
            }
            aux_at += aux.vna_next;
        }
        at += need.vn_next;
        if (need.vn_next == 0) {
            break;
        }
    }
    return "";
}

static int import_order(const void *a, const void *b)
{
    const struct image_import *x = a;
    const struct image_import *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->version, y->version);
}

static int export_order(const void *a, const void *b)
{
    const struct image_symbol *x = a;
    const struct image_symbol *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->address > y->address) - (x->address < y->address);
}

static void add_dynamic_symbol(struct image *image, const Elf64_Sym *symbol, const char *name,
                               unsigned version)
{
    unsigned char type = ELF64_ST_TYPE(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF) {
        image->imports[image->import_count++] =
            (struct image_import){name, version < 2 ? "" : version_name(image, version)};
    } else if (type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC) {
        image->exported[image->exported_count++] =
            (struct image_symbol){.name = name,
                                  .address = symbol->st_value,
                                  .size = symbol->st_size,
                                  .section = symbol->st_shndx,
                                  .type = type,
                                  .binding = ELF64_ST_BIND(symbol->st_info)};
    }
}

static void read_dynamic_symbols(struct image *image)
{
    Elf64_Shdr *header = NULL;
    Elf64_Shdr *other = NULL;
    Elf_Scn *scn = image_find(image, SHT_DYNSYM, 0, &header);
    Elf_Scn *versions_scn = image_find(image, SHT_GNU_versym, 0, &other);
    size_t count = 0;
    size_t version_count = 0;
    const Elf64_Sym *table = scn == NULL ? NULL : image_entries(scn, sizeof *table, &count);
    const Elf64_Half *versions =
        versions_scn == NULL ? NULL : image_entries(versions_scn, sizeof *versions, &version_count);
    if (table == NULL) {
        count = 0;
    }
    image->imports = memory_zeroed(count, sizeof *image->imports);
    image->exported = memory_zeroed(count, sizeof *image->exported);
    for (size_t i = 1; i < count; i++) {
        unsigned version = versions != NULL && i < version_count ? versions[i] & 0x7fff : 0;
        const char *name = image_text(image, header->sh_link, table[i].st_name);
        add_dynamic_symbol(image, &table[i], name, version);
    }
    qsort(image->imports, image->import_count, sizeof *image->imports, import_order);
    qsort(image->exported, image->exported_count, sizeof *image->exported, export_order);
}

static int dynamic_order(const void *a, const void *b)
{
    const struct image_dynamic *x = a;
    const struct image_dynamic *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* The name of dynamic symbol `number`, or "" when there is none. */
static const char *dynamic_name(const struct image *image, size_t number)
{
    Elf64_Shdr *header = NULL;
    Elf_Scn *scn = image_find(image, SHT_DYNSYM, 0, &header);
    size_t count = 0;
    const Elf64_Sym *table = scn == NULL ? NULL : image_entries(scn, sizeof *table, &count);
    return table == NULL || number >= count
               ? ""
               : image_text(image, header->sh_link, table[number].st_name);
}

static void add_dynamics(struct image *image, const Elf64_Rela *relas, size_t count)
{
    image->dynamics =
        memory_resize(image->dynamics, image->dynamic_count + count, sizeof *image->dynamics);
    for (size_t i = 0; i < count; i++) {
        size_t number = ELF64_R_SYM(relas[i].r_info);
        image->dynamics[image->dynamic_count++] =
            (struct image_dynamic){.at = relas[i].r_offset,
                                   .addend = relas[i].r_addend,
                                   .name = number == 0 ? NULL : dynamic_name(image, number)};
    }
}

static void read_dynamics(struct image *image)
{
    Elf64_Shdr *header = NULL;
    Elf_Scn *scn = NULL;
    for (size_t i = 0; (scn = image_find(image, SHT_RELA, i, &header)) != NULL; i++) {
        size_t count = 0;
        const Elf64_Rela *relas =
            (header->sh_flags & SHF_ALLOC) == 0 ? NULL : image_entries(scn, sizeof *relas, &count);
        if (relas != NULL) {
            add_dynamics(image, relas, count);
        }
    }
    qsort(image->dynamics, image->dynamic_count, sizeof *image->dynamics, dynamic_order);
    if (image_find(image, SHT_RELR, 0, &header) != NULL) {
        image_refuse(image, "its relative relocations are packed");
    }
}

/* Code that is reached by the unwinder alone stands in tables that nothing refers to. */
static void refuse_unfollowed(struct image *image)
{
    for (size_t i = 0; i < image->section_count; i++) {
        const struct image_section *section = &image->sections[i];
        if (section->size > 0 && strcmp(section->name, ".gcc_except_table") == 0) {
            image_refuse(image, "it has tables of exception handlers, which are not followed");
        }
        if (section->size > 0 && strcmp(section->name, ".ctors") == 0) {
            image_refuse(image, "it has constructors of the old kind");
        }
    }
}

static void read_thread_block(struct image *image)
{
    size_t count = 0;
    if (elf_getphdrnum(image->elf, &count) != 0) {
        return;
    }
    const Elf64_Phdr *headers = elf64_getphdr(image->elf);
    for (size_t i = 0; headers != NULL && i < count; i++) {
        uint64_t align = headers[i].p_align == 0 ? 1 : headers[i].p_align;
        if (headers[i].p_type == PT_TLS) {
            image->tls_block = (headers[i].p_memsz + align - 1) / align * align;
        }
    }
}

void image_read_dynamic(struct image *image)
{
    read_thread_block(image);
    read_libraries(image);
    read_dynamic_symbols(image);
    read_dynamics(image);
    refuse_unfollowed(image);
}
