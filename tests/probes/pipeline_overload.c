/*
 * An exporter that stalls while spans keep coming: does memory stay under the ceiling, and is every
 * span delivered or counted as dropped?
 *
 *   pipeline_overload [--seconds N] [--rate SPANS_PER_SECOND] [--attributes N] [--threads N]
 *                     [--ceiling BYTES] [--queue SPANS] [--policy newest|oldest|block] [URL]
 *
 * The exporter takes nothing for the given time, then everything that is left; with a URL it is the
 * one over HTTP, and stalling is the receiver's: otlp-receiver --fault for=30s,stall=30s. Memory is
 * looked at every 10 ms. Prints the account; exit status 1 when it does not come out even, or
 * memory was above the ceiling.
 */
#include <otlp.h>

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define SECOND_NS   1000000000ull
#define THREADS_MAX 16

struct options {
    double seconds;
    double rate;
    size_t attributes;
    size_t threads;
    size_t ceiling;
    size_t queue;
    enum otlp_overflow policy;
    const char *url; /* NULL: no receiver */
};

struct sink {
    struct otlp_exporter base;
    struct otlp_exporter *remote; /* NULL: none */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_stalled;
    uint64_t items;
};

static enum otlp_export_outcome pass_on(struct sink *sink, const struct otlp_export *request,
                                        struct otlp_export_result *result)
{
    enum otlp_export_outcome outcome = otlp_exporter_send(sink->remote, request, result);
    pthread_mutex_lock(&sink->lock);
    sink->items += outcome == OTLP_EXPORT_DELIVERED ? request->items - result->rejected : 0;
    pthread_mutex_unlock(&sink->lock);
    return outcome;
}

static enum otlp_export_outcome take(struct otlp_exporter *exporter,
                                     const struct otlp_export *request,
                                     struct otlp_export_result *result)
{
    struct sink *sink = (struct sink *)exporter;
    if (sink->remote != NULL) {
        return pass_on(sink, request, result);
    }
    pthread_mutex_lock(&sink->lock);
    while (sink->is_stalled) {
        pthread_cond_wait(&sink->changed, &sink->lock);
    }
    sink->items += request->items;
    pthread_mutex_unlock(&sink->lock);
    result->outcome = OTLP_EXPORT_DELIVERED;
    result->rejected = 0;
    return OTLP_EXPORT_DELIVERED;
}

static void resume(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    sink->is_stalled = false;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
}

static int shut_down(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    struct sink *sink = (struct sink *)exporter;
    resume(sink);
    return sink->remote == NULL ? 0 : otlp_exporter_shutdown(sink->remote, timeout_ns);
}

static void nothing(struct otlp_exporter *exporter)
{
    (void)exporter;
}

struct producer {
    pthread_t thread;
    const struct options *options;
    struct otlp_tracer *tracer;
    uint64_t ended;
};

static void end_span(struct otlp_tracer *tracer, size_t attributes)
{
    struct otlp_span *span = otlp_tracer_start(tracer, "GET /orders/{id}", NULL);
    if (span == NULL) {
        abort();
    }
    for (size_t i = 0; i < attributes; i++) {
        char key[40];
        (void)snprintf(key, sizeof key, "attribute.number.%zu", i);
        otlp_span_set_string(span, key, "twenty bytes of text");
    }
    otlp_span_end(span, 0);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* What is due by now; what was missed is made up for. */
static void *produce(void *arg)
{
    struct producer *producer = arg;
    const struct options *options = producer->options;
    double rate = options->rate / (double)options->threads;
    uint64_t began_ns = now_ns();
    for (;;) {
        double passed_s = (double)(now_ns() - began_ns) / SECOND_NS;
        if (passed_s >= options->seconds) {
            return NULL;
        }
        if ((double)producer->ended < rate * passed_s) {
            end_span(producer->tracer, options->attributes);
            producer->ended++;
        } else {
            const struct timespec pause = {0, 1000000};
            nanosleep(&pause, NULL);
        }
    }
}

struct watch {
    struct otlp_processor *processor;
    atomic_bool is_over;
    size_t bytes_max;
};

static void *observe(void *arg)
{
    struct watch *watch = arg;
    while (!atomic_load(&watch->is_over)) {
        struct otlp_processor_counts counts;
        otlp_processor_counts(watch->processor, &counts);
        watch->bytes_max =
            counts.memory_bytes > watch->bytes_max ? counts.memory_bytes : watch->bytes_max;
        const struct timespec pause = {0, 10000000};
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static int report(const struct options *options, const struct otlp_processor_counts *counts,
                  uint64_t ended, uint64_t received, size_t bytes_max)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    uint64_t dropped = otlp_processor_counts_dropped(counts);
    bool is_even = counts->ended == ended && counts->delivered == received && counts->queued == 0 &&
                   ended == counts->delivered + counts->rejected + dropped;
    bool is_under = bytes_max <= options->ceiling;
    printf("ended %llu  delivered %llu  dropped %llu", (unsigned long long)ended,
           (unsigned long long)counts->delivered, (unsigned long long)dropped);
    for (int i = 0; i < OTLP_DROP_REASONS; i++) {
        if (counts->dropped[i] > 0) {
            printf("  (%s %llu)", otlp_drop_reason_name((enum otlp_drop_reason)i),
                   (unsigned long long)counts->dropped[i]);
        }
    }
    printf("\nmemory of the pipeline at most %zu of %zu bytes; of the process %ld KiB\n", bytes_max,
           options->ceiling, usage.ru_maxrss);
    printf("%s, %s\n", is_even ? "the account is even" : "THE ACCOUNT IS NOT EVEN",
           is_under ? "memory stayed under the ceiling" : "MEMORY WAS ABOVE THE CEILING");
    return is_even && is_under ? 0 : 1;
}

static int connect_to(const char *url, struct sink *sink)
{
    const struct otlp_endpoint endpoint = {.url = url};
    const struct otlp_transport_options options = {.endpoints = &endpoint, .endpoint_count = 1};
    return otlp_transport_create(&options, &sink->remote);
}

static int run(const struct options *options)
{
    static const struct otlp_exporter_ops ops = {
        .send = take, .shutdown = shut_down, .free = nothing};
    struct sink sink = {.base = {.ops = &ops}, .is_stalled = true};
    pthread_mutex_init(&sink.lock, NULL);
    pthread_cond_init(&sink.changed, NULL);
    if (options->url != NULL && connect_to(options->url, &sink) != 0) {
        fprintf(stderr, "pipeline_overload: no exporter can be made for %s\n", options->url);
        return 4;
    }
    const struct otlp_batch_options batch = {.queue_max = options->queue,
                                             .overflow = options->policy,
                                             .memory_max_bytes = options->ceiling};
    struct producer producers[THREADS_MAX] = {0};
    struct watch watch = {0};
    struct otlp_provider *provider = NULL;
    struct otlp_tracer *tracer = NULL;
    pthread_t watcher;
    if (otlp_batch_processor_new(OTLP_TRACES, &sink.base, &batch, &watch.processor) != 0 ||
        otlp_provider_new(NULL, &provider) != 0 ||
        otlp_provider_add_processor(provider, watch.processor) != 0 ||
        otlp_provider_tracer(provider, NULL, &tracer) != 0 ||
        pthread_create(&watcher, NULL, observe, &watch) != 0) {
        fprintf(stderr, "pipeline_overload: the pipeline cannot be made\n");
        return 4;
    }
    uint64_t ended = 0;
    for (size_t i = 0; i < options->threads; i++) {
        producers[i].options = options;
        producers[i].tracer = tracer;
        if (pthread_create(&producers[i].thread, NULL, produce, &producers[i]) != 0) {
            abort();
        }
    }
    for (size_t i = 0; i < options->threads; i++) {
        pthread_join(producers[i].thread, NULL);
        ended += producers[i].ended;
    }
    resume(&sink);
    (void)otlp_provider_shutdown(provider, 60 * SECOND_NS);
    atomic_store(&watch.is_over, true);
    pthread_join(watcher, NULL);
    struct otlp_processor_counts counts;
    otlp_processor_counts(watch.processor, &counts);
    int rc = report(options, &counts, ended, sink.items, watch.bytes_max);
    otlp_provider_free(provider);
    if (sink.remote != NULL) {
        (void)otlp_exporter_shutdown(sink.remote, SECOND_NS);
        otlp_exporter_free(sink.remote);
    }
    pthread_cond_destroy(&sink.changed);
    pthread_mutex_destroy(&sink.lock);
    return rc;
}

static bool set_policy(struct options *options, const char *name)
{
    static const char *const names[] = {"newest", "oldest", "block"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            options->policy = (enum otlp_overflow)i;
            return true;
        }
    }
    return false;
}

static bool parse(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"seconds", required_argument, NULL, 's'},    {"rate", required_argument, NULL, 'r'},
        {"attributes", required_argument, NULL, 'a'}, {"threads", required_argument, NULL, 't'},
        {"ceiling", required_argument, NULL, 'c'},    {"queue", required_argument, NULL, 'q'},
        {"policy", required_argument, NULL, 'p'},     {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        char *end = NULL;
        if (option == '?' || (option == 'p' && !set_policy(options, optarg))) {
            return false;
        }
        double number = option == 'p' ? 1 : strtod(optarg, &end);
        if (option != 'p' && (end == optarg || *end != '\0' || !(number > 0) || number > 1e15)) {
            return false;
        }
        switch (option) {
        case 's':
            options->seconds = number;
            break;
        case 'r':
            options->rate = number;
            break;
        case 'a':
            options->attributes = (size_t)number;
            break;
        case 't':
            options->threads = (size_t)number;
            break;
        case 'c':
            options->ceiling = (size_t)number;
            break;
        case 'q':
            options->queue = (size_t)number;
            break;
        default:
            break;
        }
    }
    options->url = optind < argc ? argv[optind++] : NULL;
    return optind == argc && options->threads >= 1 && options->threads <= THREADS_MAX;
}

int main(int argc, char **argv)
{
    struct options options = {.seconds = 30,
                              .rate = 50000,
                              .attributes = 10,
                              .threads = 2,
                              .ceiling = 48u << 20,
                              .queue = 1000000};
    if (!parse(argc, argv, &options)) {
        fprintf(stderr, "usage: pipeline_overload [--seconds N] [--rate SPANS_PER_SECOND] "
                        "[--attributes N] [--threads N] [--ceiling BYTES] [--queue SPANS] "
                        "[--policy newest|oldest|block] [URL]\n");
        return 2;
    }
    return run(&options);
}
