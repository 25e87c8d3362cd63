#include "measure/observations.h"

static void halve(struct observations *o)
{
    for (uint32_t i = 0; i < OBSERVATIONS_MAX / 2; i++) {
        o->at[i] = o->at[2 * i];
    }
    o->count = OBSERVATIONS_MAX / 2;
    o->halvings++;
}

void observations_add(struct observations *o, double at_ns, double work_ns)
{
    uint64_t mask = (UINT64_C(1) << o->halvings) - 1;
    if ((o->came++ & mask) != 0) {
        return;
    }
    if (o->count == OBSERVATIONS_MAX) {
        halve(o);
        mask = mask * 2 + 1;
        if (((o->came - 1) & mask) != 0) {
            return;
        }
    }
    o->at[o->count++] = (struct observation){at_ns, work_ns};
}
