#include "metric_internal.h"

#include <stdlib.h>

#include "attributes.h"
#include "clock.h"
#include "hash.h"

#define FIRST_SLOTS 16u

/* Independent of the order of the attributes: their hashes are added up. */
static uint64_t hash_set(const struct otlp_attribute *attributes, size_t count)
{
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++) {
        uint64_t key = otlp__hash_bytes(attributes[i].key, attributes[i].key_len);
        hash += otlp__hash_mix(key, otlp__value_hash(&attributes[i].value));
    }
    return hash;
}

static bool same_attribute(const struct otlp_attribute *a, const struct otlp_attribute *b)
{
    return a->key_len == b->key_len && memcmp(a->key, b->key, a->key_len) == 0 &&
           otlp_value_equal(&a->value, &b->value);
}

static bool same_set(const struct otlp_stream *stream, const struct otlp_attribute *attributes,
                     size_t count)
{
    if (stream->attribute_count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool is_found = same_attribute(&stream->attributes[i], &attributes[i]);
        for (size_t j = 0; j < count && !is_found; j++) {
            is_found = same_attribute(&stream->attributes[j], &attributes[i]);
        }
        if (!is_found) {
            return false;
        }
    }
    return true;
}

static struct otlp_stream *find(const struct otlp__stream_table *table, uint64_t hash,
                                const struct otlp_attribute *attributes, size_t count)
{
    if (table == NULL) {
        return NULL;
    }
    uint32_t mask = table->slot_count - 1;
    for (uint32_t i = 0; i <= mask; i++) {
        struct otlp_stream *stream =
            atomic_load_explicit(&table->slots[((uint32_t)hash + i) & mask], memory_order_acquire);
        if (stream == NULL) {
            return NULL;
        }
        if (stream->hash == hash && same_set(stream, attributes, count)) {
            return stream;
        }
    }
    return NULL;
}

static void insert(struct otlp__stream_table *table, struct otlp_stream *stream)
{
    uint32_t mask = table->slot_count - 1;
    uint32_t at = (uint32_t)stream->hash & mask;
    while (atomic_load_explicit(&table->slots[at], memory_order_relaxed) != NULL) {
        at = (at + 1) & mask;
    }
    atomic_store_explicit(&table->slots[at], stream, memory_order_release);
}

/* Keeps the table at most half full, so that a search always meets a free slot. */
static int enlarge_table(struct otlp_instrument *instrument)
{
    struct otlp__stream_table *old = atomic_load_explicit(&instrument->table, memory_order_relaxed);
    if (old != NULL && 2 * (instrument->stream_count + 1) <= old->slot_count) {
        return 0;
    }
    uint32_t slot_count = old == NULL ? FIRST_SLOTS : 2 * old->slot_count;
    struct otlp__stream_table *table = malloc(sizeof *table + slot_count * sizeof table->slots[0]);
    if (table == NULL) {
        return OTLP_ENOMEM;
    }
    table->older = old;
    table->slot_count = slot_count;
    for (uint32_t i = 0; i < slot_count; i++) {
        atomic_init(&table->slots[i], NULL);
    }
    for (struct otlp_stream *stream = instrument->first; stream != NULL; stream = stream->next) {
        insert(table, stream);
    }
    atomic_store_explicit(&instrument->table, table, memory_order_release);
    return 0;
}

/* What lies behind a stream: the buckets of its histogram. */
static size_t bucket_bytes(const struct otlp_instrument *instrument)
{
    switch (instrument->kind) {
    case OTLP_HISTOGRAM:
        return (instrument->bound_count + (size_t)1) * sizeof(uint64_t);
    case OTLP_EXPONENTIAL_HISTOGRAM:
        return sizeof(struct otlp__exponential);
    default:
        return 0;
    }
}

static bool init_histogram(const struct otlp_instrument *instrument, struct otlp_stream *stream)
{
    struct otlp__histogram *histogram = &stream->as.histogram;
    if (pthread_mutex_init(&histogram->lock, NULL) != 0) {
        return false;
    }
    if (instrument->kind == OTLP_HISTOGRAM) {
        histogram->bucket_counts = (uint64_t *)(stream + 1);
    } else {
        histogram->exponential = (struct otlp__exponential *)(stream + 1);
        otlp__exponential_reset(histogram->exponential);
    }
    return true;
}

static struct otlp_stream *allocate(const struct otlp_instrument *instrument)
{
    size_t bytes = sizeof(struct otlp_stream) + bucket_bytes(instrument);
    bytes = (bytes + OTLP__CACHE_LINE - 1) / OTLP__CACHE_LINE * OTLP__CACHE_LINE;
    struct otlp_stream *stream = aligned_alloc(OTLP__CACHE_LINE, bytes);
    if (stream == NULL) {
        return NULL;
    }
    memset(stream, 0, bytes);
    if (!otlp__is_histogram(instrument)) {
        atomic_init(&stream->as.word, 0);
    } else if (!init_histogram(instrument, stream)) {
        free(stream);
        return NULL;
    }
    atomic_init(&stream->is_measured, false);
    return stream;
}

static void discard(struct otlp_stream *stream)
{
    if (otlp__is_histogram(stream->instrument)) {
        (void)pthread_mutex_destroy(&stream->as.histogram.lock);
    }
    free(stream);
}

/* A repeated key shows as fewer copies than attributes. */
static int copy_set(struct otlp_instrument *instrument, const struct otlp_attribute *attributes,
                    size_t count, struct otlp_stream *stream)
{
    const struct otlp__attribute_rule rule = {UINT32_MAX, OTLP_UNLIMITED, false};
    uint32_t dropped = 0;
    int rc = otlp__attributes_copy(&instrument->arena, attributes, count, rule, &stream->attributes,
                                   &stream->attribute_count, &dropped);
    return rc == 0 && stream->attribute_count != count ? OTLP_EINVAL : rc;
}

static void link_last(struct otlp_instrument *instrument, struct otlp_stream *stream)
{
    if (instrument->last == NULL) {
        instrument->first = stream;
    } else {
        instrument->last->next = stream;
    }
    instrument->last = stream;
    instrument->stream_count++;
}

static int create(struct otlp_instrument *instrument, uint64_t hash,
                  const struct otlp_attribute *attributes, size_t count,
                  struct otlp_stream **created)
{
    int rc = enlarge_table(instrument);
    if (rc != 0) {
        return rc;
    }
    struct otlp_stream *stream = allocate(instrument);
    if (stream == NULL) {
        return OTLP_ENOMEM;
    }
    stream->instrument = instrument;
    rc = copy_set(instrument, attributes, count, stream);
    if (rc != 0) {
        discard(stream);
        return rc;
    }
    stream->hash = hash;
    stream->start_unix_ns = otlp__now_unix_ns();
    link_last(instrument, stream);
    insert(atomic_load_explicit(&instrument->table, memory_order_relaxed), stream);
    *created = stream;
    return 0;
}

static int create_overflow(struct otlp_instrument *instrument, struct otlp_stream **stream)
{
    if (instrument->overflow == NULL) {
        const struct otlp_attribute mark = otlp_attribute_bool("otel.metric.overflow", true);
        int rc = create(instrument, hash_set(&mark, 1), &mark, 1, &instrument->overflow);
        if (rc != 0) {
            return rc;
        }
    }
    *stream = instrument->overflow;
    return 0;
}

static bool keys_are_valid(const struct otlp_attribute *attributes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (attributes[i].key == NULL || attributes[i].key_len == 0) {
            return false;
        }
    }
    return true;
}

int otlp_instrument_bind(struct otlp_instrument *instrument,
                         const struct otlp_attribute *attributes, size_t count,
                         struct otlp_stream **stream)
{
    if (!keys_are_valid(attributes, count)) {
        return OTLP_EINVAL;
    }
    uint64_t hash = hash_set(attributes, count);
    struct otlp_stream *found = find(atomic_load_explicit(&instrument->table, memory_order_acquire),
                                     hash, attributes, count);
    if (found != NULL) {
        *stream = found;
        return 0;
    }
    pthread_mutex_lock(&instrument->lock);
    int rc = 0;
    found = find(atomic_load_explicit(&instrument->table, memory_order_relaxed), hash, attributes,
                 count);
    if (found == NULL) {
        rc = instrument->stream_count < OTLP_STREAMS_MAX - 1
                 ? create(instrument, hash, attributes, count, &found)
                 : create_overflow(instrument, &found);
    }
    pthread_mutex_unlock(&instrument->lock);
    if (rc == 0) {
        *stream = found;
    }
    return rc;
}

void otlp__streams_release(struct otlp_instrument *instrument)
{
    struct otlp_stream *stream = instrument->first;
    while (stream != NULL) {
        struct otlp_stream *next = stream->next;
        discard(stream);
        stream = next;
    }
    struct otlp__stream_table *table = atomic_load(&instrument->table);
    while (table != NULL) {
        struct otlp__stream_table *older = table->older;
        free(table);
        table = older;
    }
    otlp__arena_release(&instrument->arena);
}
