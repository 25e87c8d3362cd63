/* The receivers of a transport: how each one is, and which one is next. The transport's lock guards
 * all but the atomic members. */
#ifndef OTLP_SRC_ENDPOINTS_H
#define OTLP_SRC_ENDPOINTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/transport.h>

#include "transport/breaker.h"
#include "transport/message.h"

/* Descriptors that fall together share a count: their connections end early. */
#define OTLP__USES 256

struct otlp__endpoint_state {
    struct otlp__breaker breaker;
    uint32_t weight;
    uint16_t uses[OTLP__USES]; /* requests on a connection, by its descriptor; the thread's alone */
    uint32_t opening;          /* attempts that will open a connection; the thread's alone */
    uint32_t in_flight;        /* attempts, those of checks included */
    int64_t credit;            /* of the weighted rotation */
    uint64_t used_ns;          /* when an attempt began or ended */
    uint64_t answers;
    uint64_t failures;
    char message[OTLP__MESSAGE_BYTES];
    atomic_uint connections;
    atomic_ullong connections_opened;
};

struct otlp__rotation {
    enum otlp_balance balance;
    uint32_t in_flight_max; /* of one endpoint */
    size_t next;            /* whose turn it is */
};

enum otlp__pick {
    OTLP__PICKED,
    OTLP__PICK_BUSY, /* all that could be asked have enough to do */
    OTLP__PICK_OPEN, /* all breakers are open until *until_ns */
};

/* Chooses for a request that the endpoints with a bit in `tried` have had: one that has not had it,
 * if there is one, and be it busy for now. */
enum otlp__pick otlp__endpoints_pick(struct otlp__endpoint_state *endpoints, size_t count,
                                     struct otlp__rotation *rotation, uint32_t tried,
                                     uint64_t now_ns, size_t *index, uint64_t *until_ns);

/* Whether there is an endpoint without a bit in `tried` that would be asked now or soon. */
bool otlp__endpoints_have_other(const struct otlp__endpoint_state *endpoints, size_t count,
                                uint32_t tried, uint64_t now_ns);

#endif
