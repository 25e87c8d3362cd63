#include "fault.h"

#include <string.h>

#include "clock.h"

void otlp__rx_faults_init(struct rx_faults *faults, uint64_t seed)
{
    memset(faults, 0, sizeof *faults);
    pthread_mutex_init(&faults->mutex, NULL);
    faults->seed = seed;
}

void otlp__rx_faults_release(struct rx_faults *faults)
{
    pthread_mutex_destroy(&faults->mutex);
}

static bool is_valid(const struct otlp_receiver_fault *fault)
{
    return fault->probability >= 0 && fault->probability <= 1 &&
           (fault->http_status == 0 || (fault->http_status >= 200 && fault->http_status <= 599)) &&
           fault->grpc_code >= 0 && fault->grpc_code <= 16 && fault->rejected >= 0 &&
           (unsigned)fault->reset <= OTLP_RESET_ANSWER && fault->signals < 1 << OTLP_SIGNAL_COUNT &&
           memchr(fault->message, '\0', sizeof fault->message) != NULL;
}

int otlp__rx_faults_add(struct rx_faults *faults, const struct otlp_receiver_fault *fault)
{
    if (!is_valid(fault)) {
        return OTLP_EINVAL;
    }
    int rc = 0;
    pthread_mutex_lock(&faults->mutex);
    unsigned count = atomic_load(&faults->count);
    if (count < OTLP_RECEIVER_FAULTS_MAX) {
        faults->rules[count] = (struct rx_rule){
            .fault = *fault, .added_ns = otlp__rx_now_ns(), .stream = ++faults->added};
        atomic_store(&faults->count, count + 1);
    } else {
        rc = OTLP_ELIMIT;
    }
    pthread_mutex_unlock(&faults->mutex);
    return rc;
}

void otlp__rx_faults_clear(struct rx_faults *faults)
{
    pthread_mutex_lock(&faults->mutex);
    atomic_store(&faults->count, 0);
    pthread_mutex_unlock(&faults->mutex);
}

/* splitmix64: the n-th number of a stream without the ones before it, so that which requests are
 * hit does not depend on what other rules do. */
static double uniform(uint64_t seed, uint64_t stream, uint64_t n)
{
    uint64_t z = seed + stream * 0xd1342543de82ef95u + n * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

static bool hits(struct rx_rule *rule, uint64_t seed, enum otlp_signal signal, uint64_t age_ns)
{
    const struct otlp_receiver_fault *fault = &rule->fault;
    if (fault->signals != 0 && (fault->signals & 1u << signal) == 0) {
        return false;
    }
    if (age_ns < fault->after_ns ||
        (fault->for_ns != 0 && age_ns - fault->after_ns >= fault->for_ns)) {
        return false;
    }
    uint64_t n = ++rule->seen;
    return (fault->first == 0 || n <= fault->first) &&
           (fault->every == 0 || n % fault->every == 0) &&
           (fault->probability == 0 || uniform(seed, rule->stream, n) < fault->probability);
}

bool otlp__rx_faults_draw(struct rx_faults *faults, enum otlp_signal signal,
                          struct otlp_receiver_fault *fault)
{
    if (atomic_load_explicit(&faults->count, memory_order_relaxed) == 0) {
        return false;
    }
    bool hit = false;
    uint64_t now = otlp__rx_now_ns();
    pthread_mutex_lock(&faults->mutex);
    unsigned count = atomic_load(&faults->count);
    for (unsigned i = 0; i < count && !hit; i++) {
        struct rx_rule *rule = &faults->rules[i];
        uint64_t age_ns = now > rule->added_ns ? now - rule->added_ns : 0;
        hit = hits(rule, faults->seed, signal, age_ns);
        if (hit) {
            *fault = rule->fault;
        }
    }
    pthread_mutex_unlock(&faults->mutex);
    return hit;
}
