#include "versus/identity.h"
#include "base/memory.h"
#include "versus/closure.h"

#include <stdlib.h>
#include <string.h>

/* The pair that was asked about last, and the answer for one symbol of it. */
struct identity {
    const struct contestant_pair *pair;
    struct closure_file *files[2];
    const char *symbol;
    bool same;
};

struct identity *identity_open(void)
{
    return memory_zeroed(1, sizeof(struct identity));
}

static void forget(struct identity *known)
{
    closure_close(known->files[DUEL_OLD]);
    closure_close(known->files[DUEL_NEW]);
    *known = (struct identity){.pair = NULL};
}

void identity_close(struct identity *known)
{
    forget(known);
    free(known);
}

static void open_files(struct identity *known, const struct contestant_pair *pair)
{
    forget(known);
    known->pair = pair;
    for (size_t side = 0; side < 2; side++) {
        struct error ignored = {0};
        if (closure_open(pair->side[side].path, &known->files[side], &ignored) != 0) {
            known->files[side] = NULL;
        }
    }
}

bool identity_holds(struct identity *known, const struct contestant_pair *pair, const char *id)
{
    const struct contestant_benchmark *old_one = contestant_find(&pair->side[DUEL_OLD], id);
    const struct contestant_benchmark *new_one = contestant_find(&pair->side[DUEL_NEW], id);
    if (old_one == NULL || new_one == NULL || old_one->symbol == NULL || new_one->symbol == NULL ||
        strcmp(old_one->symbol, new_one->symbol) != 0) {
        return false;
    }
    if (known->pair != pair) {
        open_files(known, pair);
    }
    if (known->files[DUEL_OLD] == NULL || known->files[DUEL_NEW] == NULL) {
        return false;
    }
    const char *symbol = new_one->symbol;
    if (known->symbol == NULL || strcmp(known->symbol, symbol) != 0) {
        struct str why = STR_EMPTY;
        known->symbol = symbol;
        known->same = closure_same(known->files[DUEL_OLD], known->files[DUEL_NEW], symbol, &why) ==
                      CLOSURE_SAME;
        str_release(&why);
    }
    return known->same;
}
