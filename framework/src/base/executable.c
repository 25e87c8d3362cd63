#include "base/executable.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct file {
    const unsigned char *bytes;
    size_t size;
};

static const struct {
    const char *symbol;
    const char *name;
} sanitizers[] = {
    {"__asan_init", "AddressSanitizer"},     {"__tsan_init", "ThreadSanitizer"},
    {"__msan_init", "MemorySanitizer"},      {"__lsan_init", "LeakSanitizer"},
    {"__hwasan_init", "HWAddressSanitizer"},
};

static const void *part(const struct file *file, uint64_t offset, uint64_t bytes)
{
    bool inside = offset <= file->size && bytes <= file->size - offset;
    return inside ? file->bytes + offset : NULL;
}

static bool copy_part(const struct file *file, uint64_t offset, void *to, size_t bytes)
{
    const void *from = part(file, offset, bytes);
    if (from != NULL) {
        memcpy(to, from, bytes);
    }
    return from != NULL;
}

static bool read_segment(const struct file *file, const Elf64_Ehdr *header, unsigned i,
                         Elf64_Phdr *segment)
{
    return copy_part(file, header->e_phoff + (uint64_t)i * sizeof *segment, segment,
                     sizeof *segment);
}

/* Where in the file the byte is that is loaded to this address; past its end when nowhere. */
static uint64_t offset_of(const struct file *file, const Elf64_Ehdr *header, uint64_t address)
{
    Elf64_Phdr s;
    for (unsigned i = 0; i < header->e_phnum && read_segment(file, header, i, &s); i++) {
        if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz) {
            return s.p_offset + (address - s.p_vaddr);
        }
    }
    return UINT64_MAX;
}

/* The names in the table for the dynamic linker: what a program imports or exports is there, also
 * when the symbols were stripped. */
static const char *find_sanitizer(const struct file *file, const Elf64_Ehdr *header,
                                  const Elf64_Phdr *dynamic)
{
    uint64_t names = 0;
    uint64_t bytes = 0;
    Elf64_Dyn entry;
    for (uint64_t at = 0; at + sizeof entry <= dynamic->p_filesz; at += sizeof entry) {
        if (!copy_part(file, dynamic->p_offset + at, &entry, sizeof entry) ||
            entry.d_tag == DT_NULL) {
            break;
        }
        names = entry.d_tag == DT_STRTAB ? entry.d_un.d_ptr : names;
        bytes = entry.d_tag == DT_STRSZ ? entry.d_un.d_val : bytes;
    }
    const void *table = part(file, offset_of(file, header, names), bytes);
    for (size_t i = 0; table != NULL && i < sizeof sanitizers / sizeof sanitizers[0]; i++) {
        const char *symbol = sanitizers[i].symbol;
        if (memmem(table, (size_t)bytes, symbol, strlen(symbol) + 1) != NULL) {
            return sanitizers[i].name;
        }
    }
    return NULL;
}

static bool read_facts(const struct file *file, struct executable_facts *facts)
{
    Elf64_Ehdr header;
    Elf64_Phdr s;
    if (!copy_part(file, 0, &header, sizeof header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_phentsize != sizeof s) {
        return false;
    }
    for (unsigned i = 0; i < header.e_phnum && read_segment(file, &header, i, &s); i++) {
        facts->dynamic = facts->dynamic || s.p_type == PT_INTERP;
        if (s.p_type == PT_DYNAMIC) {
            facts->sanitizer = find_sanitizer(file, &header, &s);
        }
    }
    return true;
}

bool executable_read(int fd, struct executable_facts *facts)
{
    struct stat about;
    *facts = (struct executable_facts){.dynamic = false};
    if (fstat(fd, &about) != 0 || about.st_size <= 0) {
        return false;
    }
    size_t size = (size_t)about.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
        return false;
    }
    struct file file = {bytes, size};
    bool read = read_facts(&file, facts);
    munmap(bytes, size);
    return read;
}
