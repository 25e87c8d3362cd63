/* Lengths, displacements and operand widths of instructions, written out by hand from Intel's
 * Software Developer's Manual, volume 2. */
#include "versus/x86.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct example {
    const char *title;
    uint8_t bytes[16];
    uint8_t length;
    uint8_t relative_at;
    uint8_t relative_size;
    bool branch;
    uint16_t width;
};

static const struct example examples[] = {
    {"nop", {0x90}, 1, 0, 0, false, 0},
    {"ud2", {0x0f, 0x0b}, 2, 0, 0, false, 0},
    {"endbr64", {0xf3, 0x0f, 0x1e, 0xfa}, 4, 0, 0, false, 0},
    {"jmp rel8", {0xeb, 0x05}, 2, 1, 1, true, 0},
    {"jcc rel8", {0x74, 0x05}, 2, 1, 1, true, 0},
    {"call rel32", {0xe8, 1, 2, 3, 4}, 5, 1, 4, true, 0},
    {"jmp rel32", {0xe9, 1, 2, 3, 4}, 5, 1, 4, true, 0},
    {"jcc rel32", {0x0f, 0x84, 1, 2, 3, 4}, 6, 2, 4, true, 0},
    {"data16 call rel32", {0x66, 0x66, 0x48, 0xe8, 1, 2, 3, 4}, 8, 4, 4, true, 0},
    {"xbegin", {0xc7, 0xf8, 1, 2, 3, 4}, 6, 2, 4, true, 0},
    {"lea m, r64", {0x48, 0x8d, 0x05, 1, 2, 3, 4}, 7, 3, 4, false, 0},
    {"mov m, r32", {0x8b, 0x05, 1, 2, 3, 4}, 6, 2, 4, false, 4},
    {"mov m, r64", {0x48, 0x8b, 0x05, 1, 2, 3, 4}, 7, 3, 4, false, 8},
    {"mov m, r16", {0x66, 0x8b, 0x05, 1, 2, 3, 4}, 7, 3, 4, false, 2},
    {"mov m, r8", {0x8a, 0x05, 1, 2, 3, 4}, 6, 2, 4, false, 1},
    {"movzx m16", {0x0f, 0xb7, 0x05, 1, 2, 3, 4}, 7, 3, 4, false, 2},
    {"mov imm32, m", {0xc7, 0x05, 1, 2, 3, 4, 9, 9, 9, 9}, 10, 2, 4, false, 4},
    {"mov imm16, m", {0x66, 0xc7, 0x05, 1, 2, 3, 4, 9, 9}, 9, 3, 4, false, 2},
    {"cmp imm8, m8", {0x80, 0x3d, 1, 2, 3, 4, 9}, 7, 2, 4, false, 1},
    {"test imm8, m8", {0xf6, 0x05, 1, 2, 3, 4, 9}, 7, 2, 4, false, 1},
    {"not m8", {0xf6, 0x15, 1, 2, 3, 4}, 6, 2, 4, false, 1},
    {"test imm32, m32", {0xf7, 0x05, 1, 2, 3, 4, 9, 9, 9, 9}, 10, 2, 4, false, 4},
    {"mov imm64, r64", {0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8}, 10, 0, 0, false, 0},
    {"mov imm16, r16", {0x66, 0xb8, 1, 2}, 4, 0, 0, false, 0},
    {"mov moffs, eax", {0xa1, 1, 2, 3, 4, 5, 6, 7, 8}, 9, 0, 0, false, 0},
    {"ret imm16", {0xc2, 8, 0}, 3, 0, 0, false, 0},
    {"enter", {0xc8, 1, 0, 2}, 4, 0, 0, false, 0},
    {"SIB, disp8", {0x8b, 0x44, 0x98, 0x10}, 4, 0, 0, false, 4},
    {"SIB, disp32", {0x8b, 0x84, 0x98, 1, 2, 3, 4}, 7, 0, 0, false, 4},
    {"SIB without base", {0x8b, 0x04, 0x9d, 1, 2, 3, 4}, 7, 0, 0, false, 4},
    {"fld m80", {0xdb, 0x2d, 1, 2, 3, 4}, 6, 2, 4, false, 10},
    {"movsd m64", {0xf2, 0x0f, 0x10, 0x05, 1, 2, 3, 4}, 8, 4, 4, false, 8},
    {"movss m32", {0xf3, 0x0f, 0x10, 0x05, 1, 2, 3, 4}, 8, 4, 4, false, 4},
    {"movdqa m128", {0x66, 0x0f, 0x6f, 0x05, 1, 2, 3, 4}, 8, 4, 4, false, 16},
    {"pshufd imm8", {0x66, 0x0f, 0x70, 0x05, 1, 2, 3, 4, 9}, 9, 4, 4, false, 16},
    {"pshufb m128", {0x66, 0x0f, 0x38, 0x00, 0x05, 1, 2, 3, 4}, 9, 5, 4, false, 16},
    {"palignr imm8", {0x66, 0x0f, 0x3a, 0x0f, 0x05, 1, 2, 3, 4, 9}, 10, 5, 4, false, 16},
    {"vmovaps m128", {0xc5, 0xf8, 0x28, 0x05, 1, 2, 3, 4}, 8, 4, 4, false, 16},
    {"vmovaps m256", {0xc5, 0xfc, 0x28, 0x05, 1, 2, 3, 4}, 8, 4, 4, false, 32},
    {"vzeroupper", {0xc5, 0xf8, 0x77}, 3, 0, 0, false, 0},
    {"vbroadcastss", {0xc4, 0xe2, 0x7d, 0x18, 0x05, 1, 2, 3, 4}, 9, 5, 4, false, 4},
    {"vperm2f128", {0xc4, 0xe3, 0x7d, 0x06, 0x05, 1, 2, 3, 4, 9}, 10, 5, 4, false, 32},
    {"vmovaps m512", {0x62, 0xf1, 0x7c, 0x48, 0x28, 0x05, 1, 2, 3, 4}, 10, 6, 4, false, 64},
    {"vpternlogd", {0x62, 0xf3, 0x75, 0x48, 0x25, 0xc2, 9}, 7, 0, 0, false, 0},
};

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *e = &examples[i];
        struct x86_instruction found;
        print_message("%s\n", e->title);
        assert_int_equal(x86_decode(e->bytes, sizeof e->bytes, &found), 0);
        assert_int_equal(found.length, e->length);
        assert_int_equal(found.relative_size, e->relative_size);
        assert_int_equal(found.branch, e->branch);
        if (e->relative_size > 0) {
            assert_int_equal(found.relative_at, e->relative_at);
        }
        assert_int_equal(found.width, e->width);
    }
}

static void test_cut_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        for (size_t size = 0; size < examples[i].length; size++) {
            struct x86_instruction found;
            print_message("%s, %zu bytes\n", examples[i].title, size);
            assert_int_equal(x86_decode(examples[i].bytes, size, &found), -1);
        }
    }
}

static void test_no_instruction(void **state)
{
    static const uint8_t wrong[][16] = {
        {0x06},
        {0x27},
        {0x60},
        {0x82},
        {0x9a},
        {0xce},
        {0xd6},
        {0xea},
        {0x0f, 0x04},
        {0x0f, 0x24},
        {0x8f, 0xe8, 0x78, 0xc0}, /* XOP */
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct x86_instruction found;
        print_message("%02x %02x\n", wrong[i][0], wrong[i][1]);
        assert_int_equal(x86_decode(wrong[i], sizeof wrong[i], &found), -1);
    }
}

/* An instruction has at most 15 bytes. */
static void test_too_many_prefixes(void **state)
{
    uint8_t bytes[32];
    struct x86_instruction found;
    (void)state;
    memset(bytes, 0x66, sizeof bytes);
    assert_int_equal(x86_decode(bytes, sizeof bytes, &found), -1);
    bytes[14] = 0x90;
    assert_int_equal(x86_decode(bytes, sizeof bytes, &found), 0);
    assert_int_equal(found.length, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_no_instruction),
        cmocka_unit_test(test_too_many_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
