#include <otlp/metric.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "metric_internal.h"

/* Metrics SDK, "Explicit Bucket Histogram Aggregation". */
static const double default_bounds[] = {0,   5,   10,   25,   50,   75,   100,  250,
                                        500, 750, 1000, 2500, 5000, 7500, 10000};

struct otlp_meter *otlp_meter_new(enum otlp_temporality temporality)
{
    struct otlp_meter *meter = calloc(1, sizeof *meter);
    if (meter != NULL) {
        meter->temporality = temporality;
    }
    return meter;
}

static void free_instrument(struct otlp_instrument *instrument)
{
    otlp__streams_release(instrument);
    (void)pthread_mutex_destroy(&instrument->lock);
    free(instrument);
}

void otlp_meter_free(struct otlp_meter *meter)
{
    if (meter == NULL) {
        return;
    }
    struct otlp_instrument *instrument = meter->first;
    while (instrument != NULL) {
        struct otlp_instrument *next = instrument->next;
        free_instrument(instrument);
        instrument = next;
    }
    free(meter);
}

static bool bounds_rise(const double *bounds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1])) {
            return false;
        }
    }
    return true;
}

static bool is_valid(const struct otlp_instrument_spec *spec)
{
    return spec->name != NULL && spec->name[0] != '\0' && spec->kind >= OTLP_COUNTER &&
           spec->kind <= OTLP_EXPONENTIAL_HISTOGRAM && spec->bound_count < UINT32_MAX &&
           (spec->kind != OTLP_HISTOGRAM || spec->bounds == NULL ||
            bounds_rise(spec->bounds, spec->bound_count));
}

static int copy_bounds(struct otlp_instrument *instrument, const struct otlp_instrument_spec *spec)
{
    const double *bounds = spec->bounds != NULL ? spec->bounds : default_bounds;
    size_t count =
        spec->bounds != NULL ? spec->bound_count : sizeof default_bounds / sizeof default_bounds[0];
    double *copy = otlp__arena_alloc(&instrument->arena, (count + 1) * sizeof *copy);
    if (copy == NULL) {
        return OTLP_ENOMEM;
    }
    memcpy(copy, bounds, count * sizeof *copy);
    instrument->bounds = copy;
    instrument->bound_count = (uint32_t)count;
    return 0;
}

static int copy_text(struct otlp__arena *arena, const char *text, const char **copy)
{
    if (text != NULL) {
        *copy = otlp__arena_text(arena, text, strlen(text));
        return *copy != NULL ? 0 : OTLP_ENOMEM;
    }
    return 0;
}

static int fill(struct otlp_instrument *instrument, const struct otlp_instrument_spec *spec)
{
    int rc = copy_text(&instrument->arena, spec->name, &instrument->name);
    if (rc == 0) {
        rc = copy_text(&instrument->arena, spec->unit, &instrument->unit);
    }
    if (rc == 0) {
        rc = copy_text(&instrument->arena, spec->description, &instrument->description);
    }
    if (rc == 0 && spec->kind == OTLP_HISTOGRAM) {
        rc = copy_bounds(instrument, spec);
    }
    return rc;
}

int otlp_meter_instrument(struct otlp_meter *meter, const struct otlp_instrument_spec *spec,
                          struct otlp_instrument **instrument)
{
    if (!is_valid(spec)) {
        return OTLP_EINVAL;
    }
    struct otlp_instrument *created = calloc(1, sizeof *created);
    if (created == NULL) {
        return OTLP_ENOMEM;
    }
    if (pthread_mutex_init(&created->lock, NULL) != 0) {
        free(created);
        return OTLP_ENOMEM;
    }
    created->meter = meter;
    created->kind = spec->kind;
    created->is_double = spec->is_double;
    created->collected_unix_ns = otlp__now_unix_ns();
    atomic_init(&created->table, NULL);
    int rc = fill(created, spec);
    if (rc != 0) {
        free_instrument(created);
        return rc;
    }
    if (meter->last == NULL) {
        meter->first = created;
    } else {
        meter->last->next = created;
    }
    meter->last = created;
    *instrument = created;
    return 0;
}
