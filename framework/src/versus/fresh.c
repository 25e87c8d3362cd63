#include "versus/fresh.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* Since Linux 6.3; without it a system that asks for it does not execute the file. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/* Below are the numbers that files have in a worker. */
#define FD_FROM 10

#define SEGMENTS_MAX 64

/* Bytes of the file up to the end of the last segment that is loaded; 0: no executable. */
static off_t loaded_bytes(int program)
{
    Elf64_Ehdr header;
    Elf64_Phdr segments[SEGMENTS_MAX];
    if (pread(program, &header, sizeof header, 0) != (ssize_t)sizeof header ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_phentsize != sizeof segments[0] || header.e_phnum == 0 ||
        header.e_phnum > SEGMENTS_MAX) {
        return 0;
    }
    size_t bytes = header.e_phnum * sizeof segments[0];
    if (pread(program, segments, bytes, (off_t)header.e_phoff) != (ssize_t)bytes) {
        return 0;
    }
    uint64_t end = header.e_phoff + bytes;
    for (size_t i = 0; i < header.e_phnum; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type == PT_LOAD && s->p_offset + s->p_filesz > end) {
            end = s->p_offset + s->p_filesz;
        }
    }
    struct stat facts;
    bool whole = fstat(program, &facts) == 0 && end <= (uint64_t)facts.st_size;
    return whole ? (off_t)end : 0;
}

static int copy_to(int memory, int program, off_t bytes)
{
    off_t at = 0;
    while (at < bytes) {
        ssize_t sent = sendfile(memory, program, &at, (size_t)(bytes - at));
        if (sent == 0 || (sent < 0 && errno != EINTR)) {
            return -1;
        }
    }
    return 0;
}

/* A file that is open for writing cannot be executed. */
static int reopen(int memory)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_FROM);
    if (fd >= 0) {
        close(fd);
    }
    return moved;
}

int fresh_copy(int program)
{
    off_t bytes = loaded_bytes(program);
    if (bytes == 0) {
        return -1;
    }
    int memory = memfd_create("assay-program", MFD_CLOEXEC | MFD_EXEC);
    if (memory < 0 && errno == EINVAL) {
        memory = memfd_create("assay-program", MFD_CLOEXEC);
    }
    if (memory < 0) {
        return -1;
    }
    int copy = copy_to(memory, program, bytes) == 0 ? reopen(memory) : -1;
    close(memory);
    return copy;
}
