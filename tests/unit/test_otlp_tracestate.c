/* tracestate against W3C Trace Context level 2, "tracestate Header". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <otlp/propagate.h>

#include "guarded.h"

static int parse_bytes(const char *text, size_t len, const struct otlp_tracestate **parsed)
{
    struct guarded copy = guarded_copy(text, len);
    int rc = otlp_tracestate_parse(copy.text, copy.len, parsed);
    guarded_free(&copy);
    return rc;
}

static const struct otlp_tracestate *must_parse(const char *text)
{
    const struct otlp_tracestate *parsed = NULL;
    if (parse_bytes(text, strlen(text), &parsed) != 0) {
        fail_msg("refused: \"%s\"", text);
    }
    return parsed;
}

static void has_text(const struct otlp_tracestate *state, const char *expected)
{
    struct otlp_header_value value = otlp_tracestate_text(state);
    assert_int_equal(value.len, strlen(expected));
    assert_memory_equal(value.text, expected, value.len);
}

/* Parses to a state that is sent on as `expected`. */
static void gives(const char *text, const char *expected)
{
    const struct otlp_tracestate *parsed = must_parse(text);
    has_text(parsed, expected);
    otlp_tracestate_unref(parsed);
}

static void refuses(const char *text)
{
    const struct otlp_tracestate *untouched = (const void *)text;
    const struct otlp_tracestate *parsed = untouched;
    if (parse_bytes(text, strlen(text), &parsed) != OTLP_EFORMAT) {
        fail_msg("accepted: \"%s\"", text);
    }
    assert_ptr_equal(parsed, untouched);
}

static char *repeat(char c, size_t count, const char *before, const char *after)
{
    size_t before_len = strlen(before);
    size_t after_len = strlen(after);
    char *text = malloc(before_len + count + after_len + 1);
    assert_non_null(text);
    memcpy(text, before, before_len);
    memset(text + before_len, c, count);
    memcpy(text + before_len + count, after, after_len + 1);
    return text;
}

static char *members(size_t count)
{
    char *text = malloc(count * 16 + 1);
    assert_non_null(text);
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(text + at, 16, "%sbar%02zu=%02zu", i > 0 ? "," : "", i, i);
    }
    return text;
}

static void members_in_order(void **state)
{
    (void)state;
    gives("foo=1", "foo=1");
    gives("foo=1,bar=2", "foo=1,bar=2");
    gives("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    gives("fw529a3039@dt=FfffffA1B2,b=2", "fw529a3039@dt=FfffffA1B2,b=2");
}

static void space_and_empty_members(void **state)
{
    (void)state;
    gives("foo=1 \t , \t bar=2, \t baz=3", "foo=1,bar=2,baz=3");
    gives("foo=1\t \t,\t \tbar=2,\t \tbaz=3", "foo=1,bar=2,baz=3");
    gives(" foo=1", "foo=1");
    gives("\tfoo=1", "foo=1");
    gives("foo=1 ", "foo=1");
    gives("foo=1\t", "foo=1");
    gives("\t foo=1 \t", "foo=1");
    gives("foo=1,", "foo=1");
    gives(",foo=1", "foo=1");
    gives("foo=1,,,bar=2", "foo=1,bar=2");
    gives("foo=1,  ,\t,bar=2", "foo=1,bar=2");
}

static void nothing_at_all(void **state)
{
    (void)state;
    assert_null(must_parse(""));
    assert_null(must_parse(",, ,\t"));
    assert_int_equal(otlp_tracestate_count(NULL), 0);
    has_text(NULL, "");
    struct otlp_tracestate_member member;
    struct otlp_header_value value;
    assert_int_equal(otlp_tracestate_at(NULL, 0, &member), OTLP_ENOTFOUND);
    assert_int_equal(otlp_tracestate_get(NULL, "a", 1, &value), OTLP_ENOTFOUND);
    assert_null(otlp_tracestate_ref(NULL));
    otlp_tracestate_unref(NULL);
}

static void keys(void **state)
{
    (void)state;
    gives("z0123456789abcdefghijklmnopqrstuvwxyz_-*/@=1",
          "z0123456789abcdefghijklmnopqrstuvwxyz_-*/@=1");
    gives("0foo=1", "0foo=1");
    gives("foo@=1", "foo@=1");
    gives("foo@@bar=1", "foo@@bar=1");
    gives("foo@bar@baz=1", "foo@bar@baz=1");
    refuses("@foo=1");
    refuses("_foo=1");
    refuses("Foo=1");
    refuses("fOo=1");
    refuses("foo.bar=1");
    refuses("foo =1");
    refuses("foo bar=1");
    refuses("foo\t=1");
    refuses("=1");
    refuses("foo");
    refuses("foo,bar=1");
    refuses("f\xc3\xb6o=1");
}

static void key_length(void **state)
{
    (void)state;
    char *longest = repeat('a', 256, "", "=1");
    char *too_long = repeat('a', 257, "", "=1");
    gives(longest, longest);
    refuses(too_long);
    free(longest);
    free(too_long);
}

static void values(void **state)
{
    (void)state;
    gives("foo= !\"#$%&'()*+-./0123456789:;<>?@AZ[\\]^_`az{|}~",
          "foo= !\"#$%&'()*+-./0123456789:;<>?@AZ[\\]^_`az{|}~");
    gives("foo=  1", "foo=  1");
    gives("foo=1 2", "foo=1 2");
    gives("foo=1  ,bar=2", "foo=1,bar=2");
    refuses("foo=");
    refuses("foo= ");
    refuses("foo=\t");
    refuses("foo=,bar=1");
    refuses("foo=1=2");
    refuses("foo=bar=baz");
    refuses("foo=1\t2");
    refuses("foo=\x7f");
    refuses("foo=\x1f");
    refuses("foo=\xc3\xb6");
}

static void value_length(void **state)
{
    (void)state;
    char *longest = repeat('v', 256, "foo=", "");
    char *too_long = repeat('v', 257, "foo=", "");
    gives(longest, longest);
    refuses(too_long);
    free(longest);
    free(too_long);
}

static void one_bad_member_spoils_all(void **state)
{
    (void)state;
    refuses("foo=1,bar");
    refuses("bar=,foo=1");
    refuses("foo=1,Bar=2,baz=3");
}

static void member_limit(void **state)
{
    (void)state;
    char *most = members(32);
    char *too_many = members(33);
    const struct otlp_tracestate *parsed = must_parse(most);
    assert_int_equal(otlp_tracestate_count(parsed), 32);
    has_text(parsed, most);
    otlp_tracestate_unref(parsed);
    refuses(too_many);
    free(most);
    free(too_many);
}

static void longest_list(void **state)
{
    (void)state;
    char *text = malloc(OTLP_TRACESTATE_TEXT_MAX + 1);
    assert_non_null(text);
    memset(text, 'v', OTLP_TRACESTATE_TEXT_MAX);
    for (size_t i = 0; i < 32; i++) {
        char *member = text + i * 514;
        memset(member, 'k', 256);
        member[0] = (char)('a' + i % 26);
        member[1] = (char)('0' + i / 26);
        member[256] = '=';
        member[513] = ',';
    }
    text[OTLP_TRACESTATE_TEXT_MAX] = '\0';
    gives(text, text);
    free(text);
}

static void oversized_input_is_not_parsed(void **state)
{
    (void)state;
    char *spaces = repeat(' ', OTLP_TRACESTATE_INPUT_MAX - 3, "", "a=1");
    gives(spaces, "a=1");
    char *too_big = repeat(' ', OTLP_TRACESTATE_INPUT_MAX - 2, "", "a=1");
    const struct otlp_tracestate *parsed;
    assert_int_equal(otlp_tracestate_parse(too_big, strlen(too_big), &parsed), OTLP_ETOOBIG);
    /* No header is within, were it read. */
    assert_int_equal(otlp_tracestate_parse("a=1", SIZE_MAX, &parsed), OTLP_ETOOBIG);
    struct otlp_header_value two[] = {{spaces, strlen(spaces)}, {"b", 1}};
    assert_int_equal(otlp_tracestate_parse_headers(two, 2, &parsed), OTLP_ETOOBIG);
    free(spaces);
    free(too_big);
}

static void first_of_two_with_one_key(void **state)
{
    (void)state;
    gives("foo=1,foo=1", "foo=1");
    gives("foo=1,bar=2,foo=3", "foo=1,bar=2");
    /* Doubles do not count: 33 members of 32 keys. */
    char *most = members(32);
    char *doubled = malloc(strlen(most) + 32);
    assert_non_null(doubled);
    sprintf(doubled, "%s,bar00=x", most);
    gives(doubled, most);
    free(most);
    free(doubled);
}

static void several_headers_are_joined(void **state)
{
    (void)state;
    const struct otlp_tracestate *parsed = NULL;
    struct otlp_header_value headers[] = {{"foo=1", 5}, {"", 0}, {"bar=2,baz=3", 11}, {" ", 1}};
    assert_int_equal(otlp_tracestate_parse_headers(headers, 4, &parsed), 0);
    has_text(parsed, "foo=1,bar=2,baz=3");
    otlp_tracestate_unref(parsed);
    /* A member does not go on in the next header. */
    struct otlp_header_value split[] = {{"foo=1,ba", 8}, {"r=2", 3}};
    assert_int_equal(otlp_tracestate_parse_headers(split, 2, &parsed), OTLP_EFORMAT);
    assert_int_equal(otlp_tracestate_parse_headers(NULL, 0, &parsed), 0);
    assert_null(parsed);
}

static void looking_up(void **state)
{
    (void)state;
    const struct otlp_tracestate *parsed = must_parse("foo=1,bar=two");
    struct otlp_tracestate_member member;
    assert_int_equal(otlp_tracestate_count(parsed), 2);
    assert_int_equal(otlp_tracestate_at(parsed, 1, &member), 0);
    assert_memory_equal(member.key, "bar", 3);
    assert_int_equal(member.key_len, 3);
    assert_memory_equal(member.value, "two", 3);
    assert_int_equal(member.value_len, 3);
    assert_int_equal(otlp_tracestate_at(parsed, 2, &member), OTLP_ENOTFOUND);
    struct otlp_header_value value;
    assert_int_equal(otlp_tracestate_get(parsed, "foo", 3, &value), 0);
    assert_int_equal(value.len, 1);
    assert_int_equal(value.text[0], '1');
    assert_int_equal(otlp_tracestate_get(parsed, "fo", 2, &value), OTLP_ENOTFOUND);
    assert_int_equal(otlp_tracestate_get(parsed, "foo=", 4, &value), OTLP_ENOTFOUND);
    otlp_tracestate_unref(parsed);
}

static void changed_members_move_to_the_front(void **state)
{
    (void)state;
    const struct otlp_tracestate *first = must_parse("foo=1,bar=2,baz=3");
    const struct otlp_tracestate *second = NULL;
    assert_int_equal(otlp_tracestate_set(first, "bar", 3, "new", 3, &second), 0);
    has_text(second, "bar=new,foo=1,baz=3");
    has_text(first, "foo=1,bar=2,baz=3");
    otlp_tracestate_unref(first);
    const struct otlp_tracestate *third = NULL;
    assert_int_equal(otlp_tracestate_set(second, "own", 3, " x", 2, &third), 0);
    otlp_tracestate_unref(second);
    has_text(third, "own= x,bar=new,foo=1,baz=3");
    otlp_tracestate_unref(third);
    assert_int_equal(otlp_tracestate_set(NULL, "a", 1, "b", 1, &first), 0);
    has_text(first, "a=b");
    otlp_tracestate_unref(first);
}

static void the_last_goes_when_there_would_be_33(void **state)
{
    (void)state;
    char *most = members(32);
    const struct otlp_tracestate *full = must_parse(most);
    const struct otlp_tracestate *updated = NULL;
    struct otlp_header_value value;
    assert_int_equal(otlp_tracestate_set(full, "own", 3, "1", 1, &updated), 0);
    assert_int_equal(otlp_tracestate_count(updated), 32);
    assert_int_equal(otlp_tracestate_get(updated, "bar31", 5, &value), OTLP_ENOTFOUND);
    assert_int_equal(otlp_tracestate_get(updated, "bar30", 5, &value), 0);
    otlp_tracestate_unref(updated);
    /* Changing one that is there drops none. */
    assert_int_equal(otlp_tracestate_set(full, "bar31", 5, "1", 1, &updated), 0);
    assert_int_equal(otlp_tracestate_count(updated), 32);
    assert_int_equal(otlp_tracestate_get(updated, "bar30", 5, &value), 0);
    otlp_tracestate_unref(updated);
    otlp_tracestate_unref(full);
    free(most);
}

static void set_checks_its_input(void **state)
{
    (void)state;
    const struct otlp_tracestate *updated = NULL;
    char *key = repeat('k', 257, "", "");
    char *value = repeat('v', 257, "", "");
    assert_int_equal(otlp_tracestate_set(NULL, "", 0, "1", 1, &updated), OTLP_EINVAL);
    assert_int_equal(otlp_tracestate_set(NULL, "Foo", 3, "1", 1, &updated), OTLP_EINVAL);
    assert_int_equal(otlp_tracestate_set(NULL, "a", 1, "", 0, &updated), OTLP_EINVAL);
    assert_int_equal(otlp_tracestate_set(NULL, "a", 1, "1 ", 2, &updated), OTLP_EINVAL);
    assert_int_equal(otlp_tracestate_set(NULL, "a", 1, "1,2", 3, &updated), OTLP_EINVAL);
    assert_int_equal(otlp_tracestate_set(NULL, "a", 1, "1=2", 3, &updated), OTLP_EINVAL);
    assert_int_equal(otlp_tracestate_set(NULL, key, 257, "1", 1, &updated), OTLP_EINVAL);
    assert_int_equal(otlp_tracestate_set(NULL, "a", 1, value, 257, &updated), OTLP_EINVAL);
    assert_null(updated);
    assert_int_equal(otlp_tracestate_set(NULL, key, 256, value, 256, &updated), 0);
    otlp_tracestate_unref(updated);
    free(key);
    free(value);
}

static void removing(void **state)
{
    (void)state;
    const struct otlp_tracestate *first = must_parse("foo=1,bar=2");
    const struct otlp_tracestate *second = NULL;
    assert_int_equal(otlp_tracestate_remove(first, "foo", 3, &second), 0);
    has_text(second, "bar=2");
    otlp_tracestate_unref(second);
    assert_int_equal(otlp_tracestate_remove(first, "none", 4, &second), 0);
    has_text(second, "foo=1,bar=2");
    otlp_tracestate_unref(first);
    assert_int_equal(otlp_tracestate_remove(second, "foo", 3, &first), 0);
    otlp_tracestate_unref(second);
    assert_int_equal(otlp_tracestate_remove(first, "bar", 3, &second), 0);
    assert_null(second);
    otlp_tracestate_unref(first);
}

static void references_keep_it_alive(void **state)
{
    (void)state;
    const struct otlp_tracestate *first = must_parse("foo=1");
    const struct otlp_tracestate *second = otlp_tracestate_ref(first);
    assert_ptr_equal(first, second);
    otlp_tracestate_unref(first);
    has_text(second, "foo=1");
    otlp_tracestate_unref(second);
}

static void is_cut_to(const struct otlp_tracestate *parsed, size_t max_bytes, const char *expected)
{
    char text[1024];
    size_t len = 0;
    assert_int_equal(otlp_tracestate_cut(parsed, max_bytes, text, sizeof text, &len), 0);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(text, expected, len);
    if (len > 0) {
        assert_int_equal(otlp_tracestate_cut(parsed, max_bytes, text, len - 1, &len), OTLP_ENOSPC);
    }
}

static void cutting_takes_long_members_first(void **state)
{
    (void)state;
    /* 129 and 128 characters: only the first counts as long. */
    char *above = repeat('v', 127, "b=", "");
    char *at = repeat('v', 126, "c=", "");
    char *whole = malloc(600);
    char *without = malloc(600);
    assert_non_null(whole);
    assert_non_null(without);
    sprintf(whole, "a=1,%s,%s,d=4", above, at);
    sprintf(without, "a=1,%s,d=4", at);
    const struct otlp_tracestate *parsed = must_parse(whole);
    is_cut_to(parsed, strlen(whole), whole);
    is_cut_to(parsed, strlen(whole) - 1, without);
    is_cut_to(parsed, strlen(without), without);
    sprintf(without, "a=1,%s", at);
    is_cut_to(parsed, strlen(without), without);
    is_cut_to(parsed, strlen(without) - 1, "a=1");
    is_cut_to(parsed, 3, "a=1");
    is_cut_to(parsed, 2, "");
    is_cut_to(parsed, 0, "");
    is_cut_to(NULL, 512, "");
    otlp_tracestate_unref(parsed);
    free(above);
    free(at);
    free(whole);
    free(without);
}

static void cutting_a_full_list(void **state)
{
    (void)state;
    char *most = members(32);
    char *half = members(16);
    const struct otlp_tracestate *parsed = must_parse(most);
    is_cut_to(parsed, OTLP_TRACESTATE_PASS_MIN, most);
    is_cut_to(parsed, strlen(half), half);
    otlp_tracestate_unref(parsed);
    free(most);
    free(half);
}

/* Whatever is accepted must be canonical: parsing what would be sent gives the same again. */
static void mutations(void **state)
{
    (void)state;
    static const char alphabet[] = "ab1=,,== \t@_-/*.A\x80\xff";
    unsigned long seed = 977;
    size_t accepted = 0;
    for (int round = 0; round < 20000; round++) {
        char text[64] = "foo=1,bar=2 ,\tbaz= 3";
        size_t len = 20;
        for (unsigned long left = random_next(&seed) % 6; left > 0; left--) {
            text[random_next(&seed) % len] = alphabet[random_next(&seed) % (sizeof alphabet - 1)];
        }
        len = random_next(&seed) % (len + 1);
        const struct otlp_tracestate *parsed = NULL;
        if (parse_bytes(text, len, &parsed) != 0) {
            continue;
        }
        accepted++;
        struct otlp_header_value sent = otlp_tracestate_text(parsed);
        const struct otlp_tracestate *again = NULL;
        assert_int_equal(otlp_tracestate_parse(sent.text, sent.len, &again), 0);
        struct otlp_header_value resent = otlp_tracestate_text(again);
        assert_int_equal(resent.len, sent.len);
        assert_memory_equal(resent.text, sent.text, sent.len);
        otlp_tracestate_unref(parsed);
        otlp_tracestate_unref(again);
    }
    assert_in_range(accepted, 1000, 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_in_order),
        cmocka_unit_test(space_and_empty_members),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(keys),
        cmocka_unit_test(key_length),
        cmocka_unit_test(values),
        cmocka_unit_test(value_length),
        cmocka_unit_test(one_bad_member_spoils_all),
        cmocka_unit_test(member_limit),
        cmocka_unit_test(longest_list),
        cmocka_unit_test(oversized_input_is_not_parsed),
        cmocka_unit_test(first_of_two_with_one_key),
        cmocka_unit_test(several_headers_are_joined),
        cmocka_unit_test(looking_up),
        cmocka_unit_test(changed_members_move_to_the_front),
        cmocka_unit_test(the_last_goes_when_there_would_be_33),
        cmocka_unit_test(set_checks_its_input),
        cmocka_unit_test(removing),
        cmocka_unit_test(references_keep_it_alive),
        cmocka_unit_test(cutting_takes_long_members_first),
        cmocka_unit_test(cutting_a_full_list),
        cmocka_unit_test(mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
