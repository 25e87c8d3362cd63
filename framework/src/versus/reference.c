#include "versus/reference.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static int64_t signed_at(const unsigned char *bytes, size_t size)
{
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value |= (uint32_t)bytes[i] << (8 * i);
    }
    return size == 1 ? (int8_t)value : (int32_t)value;
}

int code_step_at(const struct image *image, uint64_t at, uint64_t end, struct code_step *step)
{
    const unsigned char *bytes = image_bytes(image, at, end - at);
    struct code_step found = {.at = at, .bytes = bytes};
    if (bytes == NULL || x86_decode(bytes, (size_t)(end - at), &found.op) != 0) {
        return -1;
    }
    found.fixup = image_fixup_from(image, at);
    while (found.fixup + found.fixup_count < image->fixup_count &&
           image->fixups[found.fixup + found.fixup_count].r_offset - at < found.op.length) {
        found.fixup_count++;
    }
    *step = found;
    return 0;
}

uint64_t code_step_target(const struct code_step *step)
{
    int64_t value = signed_at(step->bytes + step->op.relative_at, step->op.relative_size);
    return step->at + step->op.length + (uint64_t)value;
}

size_t fixup_size(const Elf64_Rela *fixup)
{
    switch (ELF64_R_TYPE(fixup->r_info)) {
    case R_X86_64_64:
        return 8;
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
    case R_X86_64_GOTTPOFF:
    case R_X86_64_TPOFF32:
    case R_X86_64_DTPOFF32:
    case R_X86_64_TLSGD:
    case R_X86_64_TLSLD:
        return 4;
    default:
        return 0;
    }
}

static struct reference unknown(struct str *why, const char *what, const char *name)
{
    str_format(why, "%s%s%s", what, name[0] == '\0' ? "" : " ", name);
    return (struct reference){.kind = REFERENCE_UNKNOWN};
}

static struct reference to_import(const struct image *image, const char *name, int64_t offset,
                                  bool weak, struct str *why)
{
    const char *version = image_import_version(image, name);
    if (version == NULL && !weak) {
        return unknown(why, "it is not clear which library provides", name);
    }
    return (struct reference){.kind = REFERENCE_IMPORT,
                              .name = name,
                              .version = version == NULL ? "nobody" : version,
                              .offset = offset};
}

/* Whether an address leads to this import: it is the slot that the loader fills, or a stub that
 * jumps to where the slot says. */
static bool leads_to(const struct image *image, uint64_t address, const char *name)
{
    const struct image_section *section = image_section_at(image, address);
    if (section == NULL) {
        return false;
    }
    struct code_step step;
    for (int i = 0; image_is_code(section) && i < 3; i++) {
        if (code_step_at(image, address, section->address + section->size, &step) != 0) {
            return false;
        }
        address += step.op.length;
        if (step.op.relative_size == 4 && step.op.width > 0) {
            address = code_step_target(&step);
            break;
        }
    }
    const struct image_dynamic *slot = image_dynamic_at(image, address);
    size_t length = strcspn(name, "@");
    return slot != NULL && slot->name != NULL && strlen(slot->name) == length &&
           strncmp(slot->name, name, length) == 0;
}

/* A displacement counts from the instruction's end, a relocation from its own place: the
 * difference is in the addend. */
static struct reference relative_reference(const struct image *image, const struct code_step *step,
                                           const Elf64_Rela *fixup, struct str *why)
{
    const struct image_symbol *symbol = &image->symbols[ELF64_R_SYM(fixup->r_info)];
    int64_t tail = step->op.length - (int64_t)step->op.relative_at;
    int64_t offset = (int64_t)((uint64_t)fixup->r_addend + (uint64_t)tail);
    uint32_t type = ELF64_R_TYPE(fixup->r_info);
    if (step->op.relative_size != 4 || fixup->r_offset != step->at + step->op.relative_at) {
        return unknown(why, "a relocation is not where its instruction refers to", symbol->name);
    }
    if (symbol->section == SHN_UNDEF) {
        if (!leads_to(image, code_step_target(step), symbol->name)) {
            return unknown(why, "code and loader do not agree on", symbol->name);
        }
        return to_import(image, symbol->name, offset, false, why);
    }
    if (symbol->section >= SHN_LORESERVE || symbol->type == STT_TLS) {
        return unknown(why, "an absolute symbol is used:", symbol->name);
    }
    struct reference found = {.kind = REFERENCE_PLACE,
                              .address = symbol->address + (uint64_t)offset,
                              .width = step->op.branch ? 0 : step->op.width};
    bool by_table = type != R_X86_64_PC32 && type != R_X86_64_PLT32;
    if (by_table || symbol->type == STT_GNU_IFUNC) {
        /* What is read is the table's entry: of the object itself, the address is taken. */
        found.width = 0;
        return found;
    }
    uint64_t target = code_step_target(step);
    if (symbol->type == STT_SECTION) {
        found.by_address = true;
        found.address = target;
    } else if (found.address != target) {
        return unknown(why, "code and relocation do not agree on", symbol->name);
    }
    return found;
}

/* In an executable the linker turns every way to reach a variable of its own threads into a
 * distance from the thread pointer. */
static struct reference thread_reference(const struct image *image, const struct code_step *step,
                                         const Elf64_Rela *fixup, struct str *why)
{
    const struct image_symbol *symbol = &image->symbols[ELF64_R_SYM(fixup->r_info)];
    uint64_t at = fixup->r_offset - step->at;
    bool relative = step->op.relative_size == 4 && at == step->op.relative_at;
    int64_t offset = fixup->r_addend;
    if (ELF64_R_TYPE(fixup->r_info) == R_X86_64_GOTTPOFF) {
        offset = (int64_t)((uint64_t)offset + step->op.length - at);
    }
    if (symbol->section == SHN_UNDEF) {
        if (!relative || !leads_to(image, code_step_target(step), symbol->name)) {
            return unknown(why, "code and loader do not agree on", symbol->name);
        }
        return to_import(image, symbol->name, offset, false, why);
    }
    if (symbol->type != STT_TLS || relative) {
        return unknown(
            why, "a thread-local variable is reached in a way that is not followed:", symbol->name);
    }
    if (ELF64_R_TYPE(fixup->r_info) != R_X86_64_TLSGD &&
        (at + 4 > step->op.length ||
         signed_at(step->bytes + at, 4) !=
             (int64_t)(symbol->address + (uint64_t)offset - image->tls_block))) {
        return unknown(why, "code and relocation do not agree on", symbol->name);
    }
    return (struct reference){.kind = REFERENCE_THREAD, .symbol = symbol, .offset = offset};
}

struct reference reference_of_pointer(const struct image *image, const Elf64_Rela *fixup,
                                      struct str *why)
{
    const struct image_symbol *symbol = &image->symbols[ELF64_R_SYM(fixup->r_info)];
    const struct image_dynamic *dynamic = image_dynamic_at(image, fixup->r_offset);
    if (dynamic != NULL && dynamic->name != NULL) {
        return to_import(image, dynamic->name, dynamic->addend, false, why);
    }
    if (symbol->section == SHN_UNDEF) {
        return to_import(image, symbol->name, fixup->r_addend, symbol->binding == STB_WEAK, why);
    }
    if (dynamic == NULL || symbol->section >= SHN_LORESERVE || symbol->type == STT_TLS) {
        return unknown(why, "the loader's relocation of a pointer is missing:", symbol->name);
    }
    struct reference found = {.kind = REFERENCE_PLACE,
                              .address = symbol->address + (uint64_t)fixup->r_addend,
                              .by_address = symbol->type == STT_SECTION};
    if (found.by_address) {
        found.address = (uint64_t)dynamic->addend;
    } else if (found.address != (uint64_t)dynamic->addend && symbol->type != STT_GNU_IFUNC) {
        return unknown(why, "loader and relocation do not agree on", symbol->name);
    }
    return found;
}

bool fixup_is_spent(const struct image *image, const struct code_step *step,
                    const Elf64_Rela *fixup)
{
    uint32_t type = ELF64_R_TYPE(fixup->r_info);
    const char *name = image->symbols[ELF64_R_SYM(fixup->r_info)].name;
    if (step->op.relative_size > 0 && fixup->r_offset == step->at + step->op.relative_at) {
        return false;
    }
    return type == R_X86_64_TLSGD || type == R_X86_64_TLSLD ||
           strncmp(name, "__tls_get_addr", 14) == 0;
}

struct reference reference_of_code(const struct image *image, const struct code_step *step,
                                   const Elf64_Rela *fixup, struct str *why)
{
    switch (ELF64_R_TYPE(fixup->r_info)) {
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
        return relative_reference(image, step, fixup, why);
    case R_X86_64_GOTTPOFF:
    case R_X86_64_TPOFF32:
    case R_X86_64_DTPOFF32:
    case R_X86_64_TLSGD:
        return thread_reference(image, step, fixup, why);
    case R_X86_64_64:
        return reference_of_pointer(image, fixup, why);
    default:
        str_format(why, "relocations of type %u are not followed",
                   (unsigned)ELF64_R_TYPE(fixup->r_info));
        return (struct reference){.kind = REFERENCE_UNKNOWN};
    }
}

/* Whether unnamed data from start surely ends at a place that something else refers to. It does not
 * when that is the tail of a string which another string shares. */
static bool ends_at(const struct image *image, uint64_t start, uint64_t end)
{
    size_t fixup = image_fixup_from(image, start);
    if (fixup < image->fixup_count && image->fixups[fixup].r_offset < end) {
        return true; /* a table of addresses */
    }
    size_t size = (size_t)(end - start);
    const unsigned char *bytes = image_bytes(image, start, size);
    const unsigned char *nul = bytes == NULL ? NULL : memchr(bytes, 0, size);
    if (nul == NULL) {
        return false;
    }
    size_t zeros = 0;
    while (zeros < size && bytes[size - 1 - zeros] == 0) {
        zeros++;
    }
    bool one_string = zeros >= size - (size_t)(nul - bytes);
    return one_string || zeros >= sizeof(uint32_t);
}

/* Whether the relocation begins a table of distances, as a switch has them, behind the unnamed data
 * that starts at `start`: such a table is an object of its own. */
static bool is_table_of_distances(const struct image *image, size_t fixup, uint64_t start,
                                  uint64_t last)
{
    const Elf64_Rela *first = &image->fixups[fixup];
    return ELF64_R_TYPE(first->r_info) == R_X86_64_PC32 && first->r_offset > start &&
           first->r_offset < last;
}

static int unnamed_place(const struct image *image, const struct reference *reference,
                         struct place *place, struct str *why)
{
    uint64_t start = reference->address;
    const struct image_section *section = image_section_at(image, start);
    if (section->bytes == NULL) {
        str_add(why, "zeroed memory without a symbol is used");
        return -1;
    }
    uint64_t last = section->address + section->size;
    size_t extent = image_extent_from(image, start);
    if (extent < image->extent_count && image->extents[extent].start < last) {
        last = image->extents[extent].start;
    }
    size_t fixup = image_fixup_from(image, start);
    if (fixup < image->fixup_count && is_table_of_distances(image, fixup, start, last)) {
        last = image->fixups[fixup].r_offset;
    }
    size_t bound = image_bound_from(image, start + 1);
    uint64_t end;
    do {
        end = bound < image->bound_count && image->bounds[bound] < last ? image->bounds[bound++]
                                                                        : last;
    } while (end < last &&
             (reference->width > 0 ? end - start < reference->width : !ends_at(image, start, end)));
    *place = (struct place){PLACE_UNNAMED, start, end, "", 0};
    return 0;
}

int reference_place(const struct image *image, const struct reference *reference,
                    struct place *place, struct str *why)
{
    const struct image_symbol *symbol = reference->symbol;
    if (reference->kind == REFERENCE_THREAD) {
        uint64_t block = image->tls[0].size + image->tls[1].size + UINT32_MAX;
        if (symbol->size == 0 || symbol->address > block || symbol->size > block) {
            str_format(why, "the thread-local variable %s has no size", symbol->name);
            return -1;
        }
        *place = (struct place){PLACE_THREAD, symbol->address, symbol->address + symbol->size,
                                symbol->name, symbol->source};
        return 0;
    }
    const struct image_section *section = image_section_at(image, reference->address);
    if (section == NULL || image_is_linkage(section)) {
        str_format(why, "address 0x%llx belongs to no code or data",
                   (unsigned long long)reference->address);
        return -1;
    }
    const struct image_extent *extent = image_extent_at(image, reference->address);
    if (extent != NULL) {
        *place = (struct place){image_is_code(section) ? PLACE_CODE : PLACE_OBJECT, extent->start,
                                extent->end, extent->symbol->name, extent->symbol->source};
        return 0;
    }
    if (image_is_code(section)) {
        str_format(why, "the code at 0x%llx has no symbol with a size",
                   (unsigned long long)reference->address);
        return -1;
    }
    return unnamed_place(image, reference, place, why);
}

static void add_bound(struct image *image, size_t *capacity, const struct reference *reference)
{
    if (reference->kind != REFERENCE_PLACE) {
        return;
    }
    if (image->bound_count == *capacity) {
        *capacity = *capacity * 2 + 256;
        image->bounds = memory_resize(image->bounds, *capacity, sizeof *image->bounds);
    }
    image->bounds[image->bound_count++] = reference->address;
}

/* Bounds that are missing do no harm: what is compared becomes longer. */
static void add_code_bounds(struct image *image, size_t *capacity,
                            const struct image_extent *function, struct str *ignored)
{
    struct code_step step;
    for (uint64_t at = function->start;
         at < function->end && code_step_at(image, at, function->end, &step) == 0;
         at += step.op.length) {
        for (size_t i = 0; i < step.fixup_count; i++) {
            struct reference found =
                reference_of_code(image, &step, &image->fixups[step.fixup + i], ignored);
            str_clear(ignored);
            add_bound(image, capacity, &found);
        }
    }
}

static int bound_order(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

void reference_read_bounds(struct image *image)
{
    size_t capacity = 0;
    struct str ignored = STR_EMPTY;
    for (size_t i = 0; i < image->extent_count; i++) {
        const struct image_section *section = image_section_at(image, image->extents[i].start);
        if (image_is_code(section)) {
            add_code_bounds(image, &capacity, &image->extents[i], &ignored);
        }
    }
    for (size_t i = 0; i < image->fixup_count; i++) {
        if (ELF64_R_TYPE(image->fixups[i].r_info) == R_X86_64_64) {
            struct reference found = reference_of_pointer(image, &image->fixups[i], &ignored);
            str_clear(&ignored);
            add_bound(image, &capacity, &found);
        }
    }
    str_release(&ignored);
    if (image->bound_count > 0) {
        qsort(image->bounds, image->bound_count, sizeof *image->bounds, bound_order);
    }
}
