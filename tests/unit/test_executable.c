/* What the file of a program tells; files that are none, or broken, tell nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/executable.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZER "AddressSanitizer"
#elif defined(__SANITIZE_THREAD__)
#define SANITIZER "ThreadSanitizer"
#else
#define SANITIZER NULL
#endif

static int memory_file(const void *bytes, size_t length)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    return fd;
}

static bool read_bytes(const void *bytes, size_t length, struct executable_facts *facts)
{
    int fd = memory_file(bytes, length);
    bool read = executable_read(fd, facts);
    close(fd);
    return read;
}

static void test_this_program(void **state)
{
    struct executable_facts facts;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    (void)state;
    assert_true(fd >= 0);
    assert_true(executable_read(fd, &facts));
    assert_true(facts.dynamic);
    const char *sanitizer = SANITIZER;
    if (sanitizer == NULL) {
        assert_null(facts.sanitizer);
    } else {
        assert_non_null(facts.sanitizer);
        assert_string_equal(facts.sanitizer, sanitizer);
    }
    close(fd);
}

static void test_what_is_no_program(void **state)
{
    struct executable_facts facts;
    Elf32_Ehdr other = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32}};
    (void)state;
    assert_false(read_bytes("", 0, &facts));
    assert_false(read_bytes("#!/bin/sh\n", 10, &facts));
    assert_false(read_bytes(&other, sizeof other, &facts));
    assert_false(executable_read(-1, &facts));
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_false(executable_read(folder, &facts));
    close(folder);
}

/* Every offset and size that can point outside of the file does; no read may follow it. */
static void test_a_file_that_lies(void **state)
{
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr segments[2];
        Elf64_Dyn dynamic[3];
    } file = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64},
                   .e_phoff = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 2},
        .segments = {{.p_type = PT_LOAD, .p_filesz = sizeof file},
                     {.p_type = PT_DYNAMIC,
                      .p_offset = offsetof(__typeof__(file), dynamic),
                      .p_filesz = sizeof file.dynamic}},
        .dynamic = {{.d_tag = DT_STRTAB, .d_un.d_ptr = 0}, {.d_tag = DT_STRSZ, .d_un.d_val = 64}},
    };
    const uint64_t places[] = {0, 1, sizeof file, UINT64_MAX / 2, UINT64_MAX - 1, UINT64_MAX};
    struct executable_facts facts;
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        __typeof__(file) lie = file;
        lie.dynamic[0].d_un.d_ptr = places[i];
        assert_true(read_bytes(&lie, sizeof lie, &facts));
        lie.dynamic[1].d_un.d_val = places[i];
        assert_true(read_bytes(&lie, sizeof lie, &facts));
        lie = file;
        lie.segments[1].p_offset = places[i];
        assert_true(read_bytes(&lie, sizeof lie, &facts));
        lie.segments[1].p_filesz = places[i];
        assert_true(read_bytes(&lie, sizeof lie, &facts));
        lie.segments[0].p_offset = places[i];
        lie.segments[0].p_filesz = places[i];
        assert_true(read_bytes(&lie, sizeof lie, &facts));
        lie = file;
        lie.header.e_phoff = places[i];
        lie.header.e_phnum = UINT16_MAX;
        (void)read_bytes(&lie, sizeof lie, &facts);
        assert_null(facts.sanitizer);
    }
    for (size_t length = 0; length < sizeof file; length++) {
        (void)read_bytes(&file, length, &facts);
        assert_null(facts.sanitizer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_this_program),
        cmocka_unit_test(test_what_is_no_program),
        cmocka_unit_test(test_a_file_that_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
