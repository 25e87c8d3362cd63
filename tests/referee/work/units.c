/* How much work an iteration of each benchmark does. -DINJECT_PERMILLE=N gives copy INJECT_COPY of
 * every kernel that much more. */
#include "work.h"

#ifndef INJECT_PERMILLE
#define INJECT_PERMILLE 0
#endif
#ifndef INJECT_COPY
#define INJECT_COPY 2
#endif

#define ALU_UNITS      2000
#define HASH_UNITS     2000
#define SORT_UNITS     200
#define PARSE_UNITS    200
#define CHASE_L2_UNITS 1000
#define CHASE_L3_UNITS 200

#define MORE(units_, copy_)  ((copy_) == INJECT_COPY ? (units_)*INJECT_PERMILLE / 1000 : 0)
#define UNITS(units_, copy_) ((units_) + MORE(units_, copy_))
#define ROW(units_)                                                                                \
    {                                                                                              \
        UNITS(units_, 0), UNITS(units_, 1), UNITS(units_, 2), UNITS(units_, 3), UNITS(units_, 4),  \
            UNITS(units_, 5), UNITS(units_, 6), UNITS(units_, 7)                                   \
    }

_Static_assert(INJECT_PERMILLE % 5 == 0 && INJECT_PERMILLE >= 0 && INJECT_PERMILLE <= 100,
               "only whole units can be added: a multiple of 5 permille, at most 100");
_Static_assert(INJECT_COPY >= 0 && INJECT_COPY < COPIES, "there is no such copy");

uint32_t referee_units[KERNELS][COPIES] = {
    [ALU] = ROW(ALU_UNITS),     [HASH] = ROW(HASH_UNITS),         [SORT] = ROW(SORT_UNITS),
    [PARSE] = ROW(PARSE_UNITS), [CHASE_L2] = ROW(CHASE_L2_UNITS), [CHASE_L3] = ROW(CHASE_L3_UNITS),
};
