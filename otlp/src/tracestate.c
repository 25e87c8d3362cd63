#include <otlp/propagate.h>

#include "hash.h"
#include "tracestate_grammar.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct span_of_member {
    uint16_t key_at;
    uint16_t key_len;
    uint16_t value_len;
};

/* The text is the header value as it is sent, so that injecting is one copy. */
struct otlp_tracestate {
    atomic_uint references;
    uint16_t count;
    uint16_t text_len;
    struct span_of_member members[OTLP_TRACESTATE_MEMBERS_MAX];
    char text[];
};

/* Members before they have a home: views into other texts. */
struct member_list {
    struct otlp_tracestate_member items[OTLP_TRACESTATE_MEMBERS_MAX];
    size_t count;
    uint64_t seen; /* one bit per hash of a key: most keys are known to be new without a look */
};

/* References are counted inside an object that is otherwise constant. */
static struct otlp_tracestate *writable(const struct otlp_tracestate *state)
{
    return (struct otlp_tracestate *)(uintptr_t)state;
}

const struct otlp_tracestate *otlp_tracestate_ref(const struct otlp_tracestate *state)
{
    if (state != NULL) {
        atomic_fetch_add_explicit(&writable(state)->references, 1, memory_order_relaxed);
    }
    return state;
}

void otlp_tracestate_unref(const struct otlp_tracestate *state)
{
    if (state != NULL &&
        atomic_fetch_sub_explicit(&writable(state)->references, 1, memory_order_acq_rel) == 1) {
        free(writable(state));
    }
}

static bool same_key(const struct otlp_tracestate_member *member, const char *key, size_t key_len)
{
    return member->key_len == key_len && memcmp(member->key, key, key_len) == 0;
}

static bool list_has(const struct member_list *list, const char *key, size_t key_len)
{
    for (size_t i = 0; i < list->count; i++) {
        if (same_key(&list->items[i], key, key_len)) {
            return true;
        }
    }
    return false;
}

static uint64_t key_bit(const char *key, size_t key_len)
{
    return (uint64_t)1 << (otlp__hash_bytes(key, key_len) % 64);
}

/* A key that is there already is older here, and left out. */
static int list_add(struct member_list *list, const struct otlp_tracestate_member *member)
{
    uint64_t bit = key_bit(member->key, member->key_len);
    if ((list->seen & bit) != 0 && list_has(list, member->key, member->key_len)) {
        return 0;
    }
    if (list->count == OTLP_TRACESTATE_MEMBERS_MAX) {
        return OTLP_EFORMAT;
    }
    list->seen |= bit;
    list->items[list->count++] = *member;
    return 0;
}

static int list_parse(struct member_list *list, const char *text, size_t text_len)
{
    const char *end = text + text_len;
    while (text < end) {
        struct otlp_tracestate_member member;
        int rc = otlp__tracestate_next(&text, end, &member);
        if (rc == 0) {
            rc = list_add(list, &member);
        }
        if (rc != 0 && rc != OTLP_ENOTFOUND) {
            return rc;
        }
    }
    return 0;
}

static int list_build(const struct member_list *list, const struct otlp_tracestate **state)
{
    if (list->count == 0) {
        *state = NULL;
        return 0;
    }
    size_t text_len = list->count - 1;
    for (size_t i = 0; i < list->count; i++) {
        text_len += list->items[i].key_len + 1 + list->items[i].value_len;
    }
    assert(text_len <= OTLP_TRACESTATE_TEXT_MAX);

    struct otlp_tracestate *built = malloc(sizeof *built + text_len);
    if (built == NULL) {
        return OTLP_ENOMEM;
    }
    atomic_init(&built->references, 1);
    built->count = (uint16_t)list->count;
    built->text_len = (uint16_t)text_len;
    char *at = built->text;
    for (size_t i = 0; i < list->count; i++) {
        const struct otlp_tracestate_member *member = &list->items[i];
        if (i > 0) {
            *at++ = ',';
        }
        built->members[i] = (struct span_of_member){
            (uint16_t)(at - built->text), (uint16_t)member->key_len, (uint16_t)member->value_len};
        memcpy(at, member->key, member->key_len);
        at += member->key_len;
        *at++ = '=';
        memcpy(at, member->value, member->value_len);
        at += member->value_len;
    }
    *state = built;
    return 0;
}

int otlp_tracestate_parse_headers(const struct otlp_header_value *values, size_t count,
                                  const struct otlp_tracestate **state)
{
    size_t input_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i].len > OTLP_TRACESTATE_INPUT_MAX - input_bytes) {
            return OTLP_ETOOBIG;
        }
        input_bytes += values[i].len;
    }
    struct member_list list;
    list.count = 0;
    list.seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i].len == 0) {
            continue;
        }
        int rc = list_parse(&list, values[i].text, values[i].len);
        if (rc != 0) {
            return rc;
        }
    }
    return list_build(&list, state);
}

int otlp_tracestate_parse(const char *text, size_t text_len, const struct otlp_tracestate **state)
{
    struct otlp_header_value value = {text, text_len};
    return otlp_tracestate_parse_headers(&value, 1, state);
}

size_t otlp_tracestate_count(const struct otlp_tracestate *state)
{
    return state != NULL ? state->count : 0;
}

static struct otlp_tracestate_member member_at(const struct otlp_tracestate *state, size_t index)
{
    const struct span_of_member *at = &state->members[index];
    const char *key = state->text + at->key_at;
    return (struct otlp_tracestate_member){key, at->key_len, key + at->key_len + 1, at->value_len};
}

int otlp_tracestate_at(const struct otlp_tracestate *state, size_t index,
                       struct otlp_tracestate_member *member)
{
    if (index >= otlp_tracestate_count(state)) {
        return OTLP_ENOTFOUND;
    }
    *member = member_at(state, index);
    return 0;
}

int otlp_tracestate_get(const struct otlp_tracestate *state, const char *key, size_t key_len,
                        struct otlp_header_value *value)
{
    for (size_t i = 0; i < otlp_tracestate_count(state); i++) {
        struct otlp_tracestate_member member = member_at(state, i);
        if (same_key(&member, key, key_len)) {
            *value = (struct otlp_header_value){member.value, member.value_len};
            return 0;
        }
    }
    return OTLP_ENOTFOUND;
}

/* Appends the members of a state that are not called `key`, as many as fit. */
static void list_add_others(struct member_list *list, const struct otlp_tracestate *state,
                            const char *key, size_t key_len)
{
    for (size_t i = 0; i < otlp_tracestate_count(state); i++) {
        struct otlp_tracestate_member member = member_at(state, i);
        if (list->count < OTLP_TRACESTATE_MEMBERS_MAX && !same_key(&member, key, key_len)) {
            list->items[list->count++] = member;
        }
    }
}

int otlp_tracestate_set(const struct otlp_tracestate *state, const char *key, size_t key_len,
                        const char *value, size_t value_len, const struct otlp_tracestate **updated)
{
    if (!otlp__tracestate_key_is_valid(key, key_len) ||
        !otlp__tracestate_value_is_valid(value, value_len)) {
        return OTLP_EINVAL;
    }
    struct member_list list;
    list.count = 1;
    list.seen = 0;
    list.items[0] = (struct otlp_tracestate_member){key, key_len, value, value_len};
    list_add_others(&list, state, key, key_len);
    return list_build(&list, updated);
}

int otlp_tracestate_remove(const struct otlp_tracestate *state, const char *key, size_t key_len,
                           const struct otlp_tracestate **updated)
{
    struct member_list list;
    list.count = 0;
    list.seen = 0;
    list_add_others(&list, state, key, key_len);
    return list_build(&list, updated);
}

struct otlp_header_value otlp_tracestate_text(const struct otlp_tracestate *state)
{
    if (state == NULL) {
        return (struct otlp_header_value){"", 0};
    }
    return (struct otlp_header_value){state->text, state->text_len};
}
