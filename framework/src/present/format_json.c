/* JSON on standard output: Assay's own document, and google/benchmark's. */
#include "base/json_writer.h"
#include "present/format.h"
#include "present/result_complexity.h"

#include <stdio.h>
#include <string.h>

static void end_json(const struct printer *p, struct str *out)
{
    result_write(p->result, out);
}

static void add_gbench_context(struct json_writer *w, const struct result *r)
{
    json_begin_object(w, "context");
    json_add_text(w, "date", r->started_utc);
    json_add_text(w, "host_name", r->host.name);
    json_add_text(w, "executable", r->suite);
    json_add_int(w, "num_cpus", r->host.cpus);
    json_add_int(w, "mhz_per_cpu", r->clock.tsc ? (int64_t)(r->clock.frequency_hz / 1e6) : 0);
    json_begin_array(w, "caches");
    for (size_t i = 0; i < r->host.cache_count; i++) {
        json_begin_object_line(w, NULL);
        json_add_text(w, "type", r->host.caches[i].type);
        json_add_int(w, "level", r->host.caches[i].level);
        json_add_int(w, "size", r->host.caches[i].size_bytes);
        json_end(w);
    }
    json_end(w);
    json_add_text(w, "library_version", r->tool_version);
    json_add_text(w, "library_build_type", r->build.optimised ? "release" : "debug");
    json_add_int(w, "json_schema_version", 1);
    json_end(w);
}

/* google/benchmark puts counters beside its own keys: one of the same name would hide them. */
static void add_gbench_counters(struct json_writer *w, const struct record *record)
{
    static const char own[] = " name family_index per_family_instance_index run_name run_type "
                              "repetitions repetition_index threads iterations real_time cpu_time "
                              "time_unit ";
    for (size_t i = 0; i < record->counter_count; i++) {
        char key[RECORD_NAME_BYTES + 16];
        snprintf(key, sizeof key, " %s ", record->counters[i].name);
        bool taken = strstr(own, key) != NULL;
        snprintf(key, sizeof key, "%s%s", taken ? "counter_" : "", record->counters[i].name);
        json_add_double(w, key, record->counters[i].value);
    }
}

/* A repetition a sample, as compare.py wants repetitions for its test. */
static void add_gbench_samples(struct json_writer *w, const struct result_benchmark *b,
                               size_t family)
{
    for (size_t i = 0; i < b->record->sample_count; i++) {
        const struct sample *s = &b->record->samples[i];
        double time_ns = s->time_ns / (double)s->iterations;
        json_begin_object_line(w, NULL);
        json_add_text(w, "name", b->id);
        json_add_int(w, "family_index", (int64_t)family);
        json_add_int(w, "per_family_instance_index", 0);
        json_add_text(w, "run_name", b->id);
        json_add_text(w, "run_type", "iteration");
        json_add_int(w, "repetitions", (int64_t)b->record->sample_count);
        json_add_int(w, "repetition_index", (int64_t)i);
        json_add_int(w, "threads", b->threads);
        json_add_int(w, "iterations", (int64_t)s->iterations);
        json_add_double(w, "real_time", time_ns);
        json_add_double(w, "cpu_time", time_ns);
        json_add_text(w, "time_unit", "ns");
        add_gbench_counters(w, b->record);
        json_end(w);
    }
}

static void add_gbench_not_measured(struct json_writer *w, const struct result_benchmark *b)
{
    json_begin_object_line(w, NULL);
    json_add_text(w, "name", b->id);
    json_add_text(w, "run_name", b->id);
    json_add_text(w, "run_type", "iteration");
    if (b->status == RESULT_FAILED) {
        json_add_bool(w, "error_occurred", true);
        json_add_text(w, "error_message", b->reason);
    } else {
        json_add_bool(w, "skipped", true);
        json_add_text(w, "skip_message", b->reason);
    }
    json_end(w);
}

static void begin_gbench_aggregate(struct json_writer *w, const struct result *r,
                                   const struct result_family *family, const char *aggregate)
{
    const struct result_benchmark *first = &r->benchmarks[family->members[0]];
    struct str name = STR_EMPTY;
    complexity_add_name(&name, first, r->suite);
    json_begin_object_line(w, NULL);
    str_format(&name, "_%s", aggregate);
    json_add_text(w, "name", str_text(&name));
    json_add_int(w, "family_index", (int64_t)family->members[0]);
    json_add_int(w, "per_family_instance_index", 0);
    str_clear(&name);
    complexity_add_name(&name, first, r->suite);
    json_add_text(w, "run_name", str_text(&name));
    json_add_text(w, "run_type", "aggregate");
    json_add_int(w, "repetitions", 1);
    json_add_int(w, "threads", first->threads);
    json_add_text(w, "aggregate_name", aggregate);
    str_release(&name);
}

static void add_gbench_complexity(struct json_writer *w, const struct result *r,
                                  const struct result_family *family)
{
    const struct complexity *c = &family->fit;
    if (c->distinct < COMPLEXITY_POINTS_MIN) {
        return;
    }
    begin_gbench_aggregate(w, r, family, "BigO");
    json_add_text(w, "aggregate_unit", "time");
    json_add_double(w, "cpu_coefficient", c->fits[c->best].coefficient_ns);
    json_add_double(w, "real_coefficient", c->fits[c->best].coefficient_ns);
    json_add_text(w, "big_o", complexity_gbench_name(c->best));
    json_add_text(w, "time_unit", "ns");
    json_end(w);
    begin_gbench_aggregate(w, r, family, "RMS");
    json_add_text(w, "aggregate_unit", "percentage");
    json_add_double(w, "rms", c->fits[c->best].rms);
    json_end(w);
}

static void end_gbench(const struct printer *p, struct str *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_begin_object(&w, NULL);
    add_gbench_context(&w, p->result);
    json_begin_array(&w, "benchmarks");
    for (size_t i = 0; i < p->result->count; i++) {
        const struct result_benchmark *b = &p->result->benchmarks[i];
        if (b->record != NULL) {
            add_gbench_samples(&w, b, i);
        } else if (b->carried == NULL) {
            add_gbench_not_measured(&w, b);
        }
    }
    for (size_t i = 0; i < p->result->family_count; i++) {
        add_gbench_complexity(&w, p->result, &p->result->families[i]);
    }
    json_end(&w);
    json_end(&w);
    str_add_char(out, '\n');
}

const struct format format_json = {.name = "json", .help = "the result document", .end = end_json};

const struct format format_gbench = {
    .name = "gbench", .help = "google/benchmark's JSON", .end = end_gbench};
