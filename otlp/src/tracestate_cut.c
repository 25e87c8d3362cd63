#include <otlp/propagate.h>

#include <string.h>

/* Members longer than this go first (W3C Trace Context, "tracestate Limits"). */
#define LONG_MEMBER 128

static size_t member_bytes(const struct otlp_tracestate_member *member)
{
    return member->key_len + 1 + member->value_len;
}

/* Takes members of at least `from_bytes` out of `kept`, from the right, until `total` is at most
 * max. */
static size_t drop_from_right(const struct otlp_tracestate *state, uint32_t *kept,
                              size_t from_bytes, size_t total, size_t max_bytes)
{
    for (size_t i = otlp_tracestate_count(state); i-- > 0 && total > max_bytes;) {
        struct otlp_tracestate_member member;
        bool is_there = otlp_tracestate_at(state, i, &member) == 0 && (*kept >> i & 1) != 0;
        if (is_there && member_bytes(&member) >= from_bytes) {
            *kept &= ~((uint32_t)1 << i);
            /* The comma before it goes too; the last one left has none. */
            total -= member_bytes(&member) + (*kept != 0 ? 1 : 0);
        }
    }
    return total;
}

int otlp_tracestate_cut(const struct otlp_tracestate *state, size_t max_bytes, char *text,
                        size_t capacity, size_t *text_len)
{
    size_t count = otlp_tracestate_count(state);
    uint32_t kept = count < OTLP_TRACESTATE_MEMBERS_MAX ? ((uint32_t)1 << count) - 1 : UINT32_MAX;
    size_t total = otlp_tracestate_text(state).len;
    total = drop_from_right(state, &kept, LONG_MEMBER + 1, total, max_bytes);
    total = drop_from_right(state, &kept, 0, total, max_bytes);
    if (total > capacity) {
        return OTLP_ENOSPC;
    }
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        struct otlp_tracestate_member member;
        if ((kept >> i & 1) == 0 || otlp_tracestate_at(state, i, &member) != 0) {
            continue;
        }
        if (len > 0) {
            text[len++] = ',';
        }
        memcpy(text + len, member.key, member_bytes(&member));
        len += member_bytes(&member);
    }
    *text_len = len;
    return 0;
}
