#include "present/document.h"

#include <stdio.h>
#include <stdlib.h>

void document_add_kind(struct json_writer *w, const char *schema, int method, const char *version)
{
    json_add_text(w, "schema", schema);
    json_add_int(w, "method", method);
    json_begin_object_line(w, "tool");
    json_add_text(w, "name", "assay");
    json_add_text(w, "version", version);
    json_end(w);
}

void document_add_host(struct json_writer *w, const struct host_facts *host)
{
    json_begin_object(w, "host");
    json_add_text(w, "key", host->key);
    json_add_text(w, "name", host->name);
    json_add_text(w, "cpu_model", host->cpu_model);
    json_add_int(w, "cpus", host->cpus);
    json_begin_array(w, "caches");
    for (size_t i = 0; i < host->cache_count; i++) {
        json_begin_object_line(w, NULL);
        json_add_int(w, "level", host->caches[i].level);
        json_add_text(w, "type", host->caches[i].type);
        json_add_int(w, "size_bytes", host->caches[i].size_bytes);
        json_end(w);
    }
    json_end(w);
    json_add_int(w, "memory_bytes", host->memory_bytes);
    json_add_text(w, "architecture", host->architecture);
    json_add_text(w, "kernel", host->kernel);
    json_add_text(w, "os", host->os);
    json_add_bool(w, "virtual", host->virtual_machine);
    json_end(w);
}

void document_add_clock(struct json_writer *w, const struct clock_facts *clock)
{
    json_begin_object_line(w, "clock");
    json_add_text(w, "source", clock->tsc ? "tsc" : "clock_monotonic");
    json_add_double(w, "frequency_hz", clock->frequency_hz);
    json_add_double(w, "resolution_ns", clock->resolution_ns);
    json_add_double(w, "cost_ns", clock->cost_ns);
    json_end(w);
}

void document_add_texts(struct json_writer *w, const char *key, char *const *texts, size_t count)
{
    json_begin_array(w, key);
    for (size_t i = 0; i < count; i++) {
        json_add_text(w, NULL, texts[i]);
    }
    json_end(w);
}

/* Curves are for drawing: six digits are more than a screen shows. */
static double six_digits(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.5e", value);
    return strtod(text, NULL);
}

void document_add_curve(struct json_writer *w, const char *key, const char *unit,
                        const struct curve *curve)
{
    char name[16];
    json_begin_object_line(w, key);
    snprintf(name, sizeof name, "start%s", unit);
    json_add_double(w, name, curve->start);
    snprintf(name, sizeof name, "step%s", unit);
    json_add_double(w, name, curve->step);
    json_begin_array_line(w, "density");
    for (size_t i = 0; i < CURVE_POINTS; i++) {
        json_add_double(w, NULL, six_digits(curve->density[i]));
    }
    json_end(w);
    json_end(w);
}
