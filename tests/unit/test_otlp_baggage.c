/* baggage against W3C Baggage, "Header Content" and "Limits". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <otlp/propagate.h>

#include "guarded.h"

#define LIT(text) (text), (sizeof(text) - 1)

static int parse_bytes(struct otlp_baggage *baggage, const char *text, size_t len, size_t *dropped)
{
    struct guarded copy = guarded_copy(text, len);
    int rc = otlp_baggage_parse(baggage, copy.text, copy.len, dropped);
    guarded_free(&copy);
    return rc;
}

static void sends(const struct otlp_baggage *baggage, const char *expected)
{
    char text[OTLP_BAGGAGE_BYTES_MAX];
    size_t len = 0;
    assert_int_equal(otlp_baggage_serialize(baggage, text, sizeof text, &len), 0);
    if (len != strlen(expected) || memcmp(text, expected, len) != 0) {
        fail_msg("sent \"%.*s\" in place of \"%s\"", (int)len, text, expected);
    }
    assert_int_equal(otlp_baggage_encoded_bytes(baggage), len);
}

static void gives(const char *text, const char *expected, size_t expected_dropped)
{
    struct otlp_baggage baggage = {0};
    size_t dropped = 99;
    if (parse_bytes(&baggage, text, strlen(text), &dropped) != 0) {
        fail_msg("refused: \"%s\"", text);
    }
    assert_int_equal(dropped, expected_dropped);
    sends(&baggage, expected);
    otlp_baggage_release(&baggage);
}

static void refuses(const char *text)
{
    struct otlp_baggage baggage = {0};
    if (parse_bytes(&baggage, text, strlen(text), NULL) != OTLP_EFORMAT) {
        fail_msg("accepted: \"%s\"", text);
    }
    assert_int_equal(otlp_baggage_count(&baggage), 0);
    otlp_baggage_release(&baggage);
}

/* The value of the only member, "k", decodes to these bytes. */
static void decodes(const char *encoded, const char *expected, size_t expected_len)
{
    struct otlp_baggage baggage = {0};
    struct otlp_baggage_member member;
    char text[256];
    int len = snprintf(text, sizeof text, "k=%s", encoded);
    assert_int_equal(parse_bytes(&baggage, text, (size_t)len, NULL), 0);
    assert_int_equal(otlp_baggage_get(&baggage, "k", 1, &member), 0);
    if (member.value_len != expected_len || memcmp(member.value, expected, expected_len) != 0) {
        fail_msg("\"%s\" was decoded to \"%.*s\"", encoded, (int)member.value_len, member.value);
    }
    otlp_baggage_release(&baggage);
}

static void members_and_space(void **state)
{
    (void)state;
    gives("key1=value1,key2=value2", "key1=value1,key2=value2", 0);
    gives("userId=alice,serverNode=DF%2028,isProduction=false",
          "userId=alice,serverNode=DF%2028,isProduction=false", 0);
    gives("SomeKey \t = \t SomeValue \t , \t AnotherKey=1", "SomeKey=SomeValue,AnotherKey=1", 0);
    gives("  a=1  ", "a=1", 0);
    gives("a=1,,b=2, ,", "a=1,b=2", 0);
    gives("a=", "a=", 0);
    gives("a=1=2==", "a=1=2==", 0);
    gives("a=1,A=2", "a=1,A=2", 0);
    gives("", "", 0);
    gives(" , ", "", 0);
}

static void properties_are_kept(void **state)
{
    (void)state;
    gives("key1=value1;property1;property2,key2=value2,key3=value3; propertyKey=propertyValue",
          "key1=value1;property1;property2,key2=value2,key3=value3;propertyKey=propertyValue", 0);
    gives("k = v ; p1 ; p2 = x%20y ; p3=", "k=v;p1;p2=x%20y;p3=", 0);
    struct otlp_baggage baggage = {0};
    struct otlp_baggage_member member;
    assert_int_equal(otlp_baggage_parse(&baggage, LIT("k=v ; p1; p2 = 2"), NULL), 0);
    assert_int_equal(otlp_baggage_at(&baggage, 0, &member), 0);
    assert_int_equal(member.properties_len, 7);
    assert_memory_equal(member.properties, "p1;p2=2", 7);
    otlp_baggage_release(&baggage);
}

static void malformed_members_are_dropped(void **state)
{
    (void)state;
    gives("a=1,b,c=3", "a=1,c=3", 1);
    gives("a=1,=2,c=3", "a=1,c=3", 1);
    gives("a=1,b c=2,c=3", "a=1,c=3", 1);
    gives("a=1,b=2 2,c=3", "a=1,c=3", 1);
    gives("a=1,b=\"2\",c=3", "a=1,c=3", 1);
    gives("a=1,b=\\,c=3", "a=1,c=3", 1);
    gives("a=1,b=\xc3\xa9,c=3", "a=1,c=3", 1);
    gives("a=1,b=\x7f,c=3", "a=1,c=3", 1);
    gives("a=1,b=2\x01,c=3", "a=1,c=3", 1);
    gives("a=1,b(=2,c=3", "a=1,c=3", 1);
    gives("a=1,b=2;,c=3", "a=1,c=3", 1);
    gives("a=1,b=2;p q,c=3", "a=1,c=3", 1);
    gives("a=1,b=2;=x,c=3", "a=1,c=3", 1);
    gives("a=1,b=2;p=\",c=3", "a=1,c=3", 1);
    gives("a=1,b=2;p;;q,c=3", "a=1,c=3", 1);
    refuses("a");
    refuses("a,b,c");
    refuses(";");
    refuses("\xff\xfe");
}

static void percent_coding(void **state)
{
    (void)state;
    decodes("DF%2028", LIT("DF 28"));
    decodes("%41%5a%5A", LIT("AZZ"));
    decodes("%00", LIT("\0"));
    decodes("%C3%A9t%c3%a9", LIT("\xc3\xa9t\xc3\xa9"));
    decodes("%F0%9F%98%80", LIT("\xf0\x9f\x98\x80"));
    decodes("%E2%82%AC%2C%3b%25", LIT("\xe2\x82\xac,;%"));
    /* Not an escape: it stands for itself. */
    decodes("100%", LIT("100%"));
    decodes("%", LIT("%"));
    decodes("%4", LIT("%4"));
    decodes("%4g%g4%%41", LIT("%4g%g4%A"));
}

/* One U+FFFD for each maximal part: the samples of Unicode 15, 3.9, tables 3-8 to 3-11. */
static void invalid_utf8_is_replaced(void **state)
{
    (void)state;
#define R "\xef\xbf\xbd"
    decodes("%FF", LIT(R));
    decodes("a%80b", LIT("a" R "b"));
    decodes("%C0%AF%E0%80%BF%F0%81%82%41", LIT(R R R R R R R R "A"));
    decodes("%ED%A0%80%ED%BF%BF%ED%AF%41", LIT(R R R R R R R R "A"));
    decodes("%F4%91%92%93%FF%41%80%BF%42", LIT(R R R R R "A" R R "B"));
    decodes("%E1%80%E2%F0%91%92%F1%BF%41", LIT(R R R R "A"));
    decodes("%C3", LIT(R));
    decodes("%C3x%A9", LIT(R "x" R));
    decodes("%F0%9F%98", LIT(R));
    decodes("%E2%82z", LIT(R "z"));
#undef R
}

static void last_of_two_with_one_key(void **state)
{
    (void)state;
    gives("a=1,b=2,a=3", "a=3,b=2", 0);
    gives("a=1;p,a=2", "a=2", 0);
    gives("a=1,a=2,a=3,a=44444444", "a=44444444", 0);
}

static void several_headers_are_joined(void **state)
{
    (void)state;
    struct otlp_baggage baggage = {0};
    struct otlp_header_value headers[] = {{LIT("a=1")}, {LIT("")}, {LIT("b=2 , c=3")}};
    assert_int_equal(otlp_baggage_parse_headers(&baggage, headers, 3, NULL), 0);
    sends(&baggage, "a=1,b=2,c=3");
    assert_int_equal(otlp_baggage_parse_headers(&baggage, NULL, 0, NULL), 0);
    sends(&baggage, "");
    otlp_baggage_release(&baggage);
}

static char *sized_header(size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'v', len);
    memcpy(text, "a=", 2);
    text[len] = '\0';
    return text;
}

static void size_limit(void **state)
{
    (void)state;
    struct otlp_baggage baggage = {0};
    char *text = sized_header(OTLP_BAGGAGE_BYTES_MAX + 1);
    assert_int_equal(otlp_baggage_parse(&baggage, text, OTLP_BAGGAGE_BYTES_MAX, NULL), 0);
    assert_int_equal(otlp_baggage_count(&baggage), 1);
    assert_int_equal(otlp_baggage_encoded_bytes(&baggage), OTLP_BAGGAGE_BYTES_MAX);
    assert_int_equal(otlp_baggage_parse(&baggage, text, OTLP_BAGGAGE_BYTES_MAX + 1, NULL),
                     OTLP_ETOOBIG);
    assert_int_equal(otlp_baggage_count(&baggage), 0);
    /* Above the limit nothing is read: there is no such text. */
    assert_int_equal(otlp_baggage_parse(&baggage, text, SIZE_MAX, NULL), OTLP_ETOOBIG);
    /* The limit holds for all headers and the commas between them. */
    struct otlp_header_value two[] = {{text, OTLP_BAGGAGE_BYTES_MAX - 4}, {LIT("b=1")}};
    assert_int_equal(otlp_baggage_parse_headers(&baggage, two, 2, NULL), 0);
    two[0].len++;
    assert_int_equal(otlp_baggage_parse_headers(&baggage, two, 2, NULL), OTLP_ETOOBIG);
    struct otlp_header_value huge[] = {{text, SIZE_MAX}, {text, SIZE_MAX}, {text, 4}};
    assert_int_equal(otlp_baggage_parse_headers(&baggage, huge, 3, NULL), OTLP_ETOOBIG);
    free(text);
    otlp_baggage_release(&baggage);
}

static size_t numbered_members(char *text, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        at += (size_t)sprintf(text + at, "%skey%03zu=%zu", i > 0 ? "," : "", i, i);
    }
    return at;
}

static void member_limit(void **state)
{
    (void)state;
    char text[2048];
    char expected[2048];
    struct otlp_baggage baggage = {0};
    size_t dropped = 0;
    size_t len = numbered_members(expected, 64);
    assert_int_equal(otlp_baggage_parse(&baggage, expected, len, &dropped), 0);
    assert_int_equal(dropped, 0);
    sends(&baggage, expected);
    len = numbered_members(text, 70);
    assert_int_equal(otlp_baggage_parse(&baggage, text, len, &dropped), 0);
    assert_int_equal(dropped, 6);
    sends(&baggage, expected);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("more"), LIT("1"), NULL, 0), OTLP_ELIMIT);
    sends(&baggage, expected);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("key000"), LIT("x"), NULL, 0), 0);
    assert_int_equal(otlp_baggage_count(&baggage), 64);
    otlp_baggage_release(&baggage);
}

/* U+FFFD takes nine characters, the escape that brought it about three: members that would make the
 * header to be sent too long are dropped whole. */
static void what_is_sent_keeps_the_limit(void **state)
{
    (void)state;
    char text[OTLP_BAGGAGE_BYTES_MAX];
    size_t at = 0;
    for (int key = 'a'; key <= 'd'; key++) {
        at += (size_t)sprintf(text + at, "%s%c=", at > 0 ? "," : "", key);
        for (int i = 0; i < 600; i++) {
            memcpy(text + at, "%FF", 3);
            at += 3;
        }
    }
    struct otlp_baggage baggage = {0};
    size_t dropped = 0;
    assert_int_equal(otlp_baggage_parse(&baggage, text, at, &dropped), 0);
    assert_int_equal(dropped, 3);
    assert_int_equal(otlp_baggage_encoded_bytes(&baggage), 2 + 600 * 9);
    assert_int_equal(otlp_baggage_parse(&baggage, text, 2 + 600 * 3, &dropped), 0);
    memcpy(text + 2 + 600 * 3, ",z=1", 4);
    assert_int_equal(otlp_baggage_parse(&baggage, text, 2 + 600 * 3 + 4, &dropped), 0);
    assert_int_equal(dropped, 0);
    otlp_baggage_release(&baggage);
}

static void set_and_get(void **state)
{
    (void)state;
    struct otlp_baggage baggage = {0};
    struct otlp_baggage_member member;
    assert_int_equal(otlp_baggage_get(&baggage, LIT("a"), &member), OTLP_ENOTFOUND);
    assert_int_equal(otlp_baggage_remove(&baggage, LIT("a")), OTLP_ENOTFOUND);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("a"), LIT("x y,\xc3\xa9;\"\\%\x01"), NULL, 0),
                     0);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("b"), LIT(""), LIT(" p ; q = 1 ")), 0);
    sends(&baggage, "a=x%20y%2C%C3%A9%3B%22%5C%25%01,b=;p;q=1");
    assert_int_equal(otlp_baggage_get(&baggage, LIT("a"), &member), 0);
    assert_int_equal(member.value_len, 11);
    assert_memory_equal(member.value, "x y,\xc3\xa9;\"\\%\x01", 11);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("a"), LIT("1"), NULL, 0), 0);
    sends(&baggage, "a=1,b=;p;q=1");
    assert_int_equal(otlp_baggage_remove(&baggage, LIT("a")), 0);
    sends(&baggage, "b=;p;q=1");
    assert_int_equal(otlp_baggage_remove(&baggage, LIT("b")), 0);
    sends(&baggage, "");
    assert_int_equal(otlp_baggage_at(&baggage, 0, &member), OTLP_ENOTFOUND);
    otlp_baggage_release(&baggage);
    otlp_baggage_release(NULL);
}

static void set_checks_its_input(void **state)
{
    (void)state;
    struct otlp_baggage baggage = {0};
    char *long_value = sized_header(OTLP_BAGGAGE_BYTES_MAX + 1);
    assert_int_equal(otlp_baggage_set(&baggage, LIT(""), LIT("1"), NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("a b"), LIT("1"), NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("a="), LIT("1"), NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("\xc3\xa9"), LIT("1"), NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("a"), LIT("\xff"), NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("a"), LIT("1"), LIT("p q")), OTLP_EINVAL);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("a"), LIT("1"), LIT("")), OTLP_EINVAL);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("a"), LIT("1"), LIT("p,q=1")), OTLP_EINVAL);
    assert_int_equal(
        otlp_baggage_set(&baggage, LIT("a"), long_value, OTLP_BAGGAGE_BYTES_MAX - 1, NULL, 0),
        OTLP_ELIMIT);
    assert_int_equal(
        otlp_baggage_set(&baggage, LIT("a"), long_value, OTLP_BAGGAGE_BYTES_MAX + 1, NULL, 0),
        OTLP_ELIMIT);
    assert_int_equal(otlp_baggage_count(&baggage), 0);
    assert_int_equal(
        otlp_baggage_set(&baggage, LIT("a"), long_value, OTLP_BAGGAGE_BYTES_MAX - 2, NULL, 0), 0);
    assert_int_equal(otlp_baggage_set(&baggage, LIT("b"), LIT(""), NULL, 0), OTLP_ELIMIT);
    assert_int_equal(otlp_baggage_encoded_bytes(&baggage), OTLP_BAGGAGE_BYTES_MAX);
    /* A second member costs its comma too: 8189 + 1 + 2 fits, one byte more does not. */
    for (size_t extra = 0; extra < 2; extra++) {
        size_t value_len = OTLP_BAGGAGE_BYTES_MAX - 5 + extra;
        otlp_baggage_clear(&baggage);
        assert_int_equal(otlp_baggage_set(&baggage, LIT("a"), long_value, value_len, NULL, 0), 0);
        assert_int_equal(otlp_baggage_set(&baggage, LIT("b"), LIT(""), NULL, 0),
                         extra == 0 ? 0 : OTLP_ELIMIT);
    }
    free(long_value);
    otlp_baggage_release(&baggage);
}

static void copies_are_independent(void **state)
{
    (void)state;
    struct otlp_baggage from = {0};
    struct otlp_baggage to = {0};
    assert_int_equal(otlp_baggage_parse(&from, LIT("a=1,b=%20,a=2;p"), NULL), 0);
    assert_int_equal(otlp_baggage_parse(&to, LIT("old=1"), NULL), 0);
    assert_int_equal(otlp_baggage_copy(&to, &from), 0);
    otlp_baggage_release(&from);
    sends(&to, "a=2;p,b=%20");
    assert_int_equal(otlp_baggage_set(&to, LIT("c"), LIT("3"), NULL, 0), 0);
    sends(&to, "a=2;p,b=%20,c=3");
    assert_int_equal(otlp_baggage_copy(&to, &to), 0);
    sends(&to, "a=2;p,b=%20,c=3");
    assert_int_equal(otlp_baggage_copy(&to, &from), 0);
    sends(&to, "");
    otlp_baggage_release(&to);
}

static void serialize_needs_room(void **state)
{
    (void)state;
    struct otlp_baggage baggage = {0};
    char text[16];
    size_t len = 77;
    assert_int_equal(otlp_baggage_parse(&baggage, LIT("a=%20,b=2"), NULL), 0);
    assert_int_equal(otlp_baggage_serialize(&baggage, text, 8, &len), OTLP_ENOSPC);
    assert_int_equal(len, 77);
    assert_int_equal(otlp_baggage_serialize(&baggage, text, 9, &len), 0);
    assert_int_equal(len, 9);
    otlp_baggage_release(&baggage);
}

/* A long life of changes, checked against a plain array. */
static void many_changes(void **state)
{
    (void)state;
    static char model[8][128];
    bool is_there[8] = {false};
    struct otlp_baggage baggage = {0};
    unsigned long seed = 4242;
    for (int round = 0; round < 20000; round++) {
        size_t which = random_next(&seed) % 8;
        char key[3] = {'k', (char)('0' + which), '\0'};
        if (random_next(&seed) % 4 == 0) {
            int rc = otlp_baggage_remove(&baggage, key, 2);
            assert_int_equal(rc, is_there[which] ? 0 : OTLP_ENOTFOUND);
            is_there[which] = false;
        } else {
            size_t len = random_next(&seed) % 127;
            memset(model[which], (char)('a' + random_next(&seed) % 26), len);
            model[which][len] = '\0';
            assert_int_equal(otlp_baggage_set(&baggage, key, 2, model[which], len, NULL, 0), 0);
            is_there[which] = true;
        }
        size_t count = 0;
        for (size_t i = 0; i < 8; i++) {
            struct otlp_baggage_member member;
            key[1] = (char)('0' + i);
            int rc = otlp_baggage_get(&baggage, key, 2, &member);
            assert_int_equal(rc, is_there[i] ? 0 : OTLP_ENOTFOUND);
            if (is_there[i]) {
                count++;
                assert_int_equal(member.value_len, strlen(model[i]));
                assert_memory_equal(member.value, model[i], member.value_len);
            }
        }
        assert_int_equal(otlp_baggage_count(&baggage), count);
    }
    /* Replaced texts do not pile up. */
    assert_in_range(baggage.text_capacity, 1, 8192);
    otlp_baggage_release(&baggage);
}

/* Whatever is accepted is within the limits and canonical: parsing what is sent gives it again. */
static void mutations(void **state)
{
    (void)state;
    static const char alphabet[] = "ab1=,,;; \t%%4fFeE2\"\\\x80\xff";
    static const char sample[] = "a=1;p=2;q, b = %20%C3%A9 ,c=%E2%82%AC;r,dd=x";
    unsigned long seed = 31337;
    size_t accepted = 0;
    struct otlp_baggage baggage = {0};
    struct otlp_baggage again = {0};
    for (int round = 0; round < 20000; round++) {
        char text[sizeof sample];
        memcpy(text, sample, sizeof sample);
        for (unsigned long left = random_next(&seed) % 8; left > 0; left--) {
            text[random_next(&seed) % (sizeof sample - 1)] =
                alphabet[random_next(&seed) % (sizeof alphabet - 1)];
        }
        if (parse_bytes(&baggage, text, random_next(&seed) % sizeof sample, NULL) != 0) {
            continue;
        }
        accepted++;
        char sent[OTLP_BAGGAGE_BYTES_MAX + 1];
        size_t sent_len = 0;
        assert_int_equal(otlp_baggage_serialize(&baggage, sent, sizeof sent, &sent_len), 0);
        assert_int_equal(otlp_baggage_encoded_bytes(&baggage), sent_len);
        sent[sent_len] = '\0';
        size_t dropped = 0;
        assert_int_equal(otlp_baggage_parse(&again, sent, sent_len, &dropped), 0);
        assert_int_equal(dropped, 0);
        sends(&again, sent);
    }
    assert_in_range(accepted, 10000, 20000);
    otlp_baggage_release(&baggage);
    otlp_baggage_release(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_space),
        cmocka_unit_test(properties_are_kept),
        cmocka_unit_test(malformed_members_are_dropped),
        cmocka_unit_test(percent_coding),
        cmocka_unit_test(invalid_utf8_is_replaced),
        cmocka_unit_test(last_of_two_with_one_key),
        cmocka_unit_test(several_headers_are_joined),
        cmocka_unit_test(size_limit),
        cmocka_unit_test(member_limit),
        cmocka_unit_test(what_is_sent_keeps_the_limit),
        cmocka_unit_test(set_and_get),
        cmocka_unit_test(set_checks_its_input),
        cmocka_unit_test(copies_are_independent),
        cmocka_unit_test(serialize_needs_room),
        cmocka_unit_test(many_changes),
        cmocka_unit_test(mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
