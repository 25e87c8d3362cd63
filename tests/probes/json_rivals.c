/*
 * The same 512 spans as OTLP/JSON: written by the client from its model and from a document, and by
 * jansson and cJSON from trees that are there already, all into memory that is there already; and
 * read again by each. What is written is read by jansson first and must be equal.
 */
#include <assay.h>
#include <otlp.h>

#include "suites/common/telemetry.h"

#include <cjson/cJSON.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

ASSAY_SUITE("json_rivals");

#define SPANS 512

enum writer { MODEL, DOCUMENT, JANSSON, CJSON };

struct fixture {
    struct telemetry *telemetry;
    struct otlp_span *spans[SPANS];
    struct otlp_document *document;
    struct otlp_buffer text; /* as the client writes it */
    char *copy;              /* of it, ending in NUL */
    char *out;               /* what the rivals write to */
    size_t out_bytes;
    json_t *jansson;
    cJSON *cjson;
};

static bool fixture_make(struct fixture *f, int attributes)
{
    f->telemetry = telemetry_new(20260105);
    f->document = otlp_document_new();
    if (f->telemetry == NULL || f->document == NULL ||
        telemetry_spans(f->telemetry, SPANS, attributes, f->spans) != 0 ||
        otlp_json_encode_spans(telemetry_resource(f->telemetry), telemetry_scope(f->telemetry),
                               (const struct otlp_span *const *)f->spans, SPANS, &f->text) != 0 ||
        otlp_json_decode(f->document, OTLP_TRACES, (const char *)f->text.data, f->text.len, 0) !=
            0) {
        return false;
    }
    f->out_bytes = 2 * f->text.len + 64;
    f->out = malloc(f->out_bytes);
    f->copy = malloc(f->text.len + 1);
    if (f->out == NULL || f->copy == NULL) {
        return false;
    }
    memcpy(f->copy, f->text.data, f->text.len);
    f->copy[f->text.len] = '\0';
    f->jansson = json_loadb(f->copy, f->text.len, 0, NULL);
    f->cjson = cJSON_Parse(f->copy);
    return f->jansson != NULL && f->cjson != NULL;
}

static void fixture_free(struct fixture *f)
{
    for (size_t i = 0; i < SPANS; i++) {
        otlp_span_free(f->spans[i]);
    }
    json_decref(f->jansson);
    cJSON_Delete(f->cjson);
    free(f->copy);
    free(f->out);
    otlp_buffer_release(&f->text);
    otlp_document_free(f->document);
    telemetry_free(f->telemetry);
}

/* The length of what was written; *text is where. */
static size_t write_json(struct fixture *f, enum writer writer, const char **text)
{
    *text = f->out;
    switch (writer) {
    case MODEL:
        f->text.len = 0;
        if (otlp_json_encode_spans(telemetry_resource(f->telemetry), telemetry_scope(f->telemetry),
                                   (const struct otlp_span *const *)f->spans, SPANS,
                                   &f->text) != 0) {
            return 0;
        }
        *text = (const char *)f->text.data;
        return f->text.len;
    case DOCUMENT:
        f->text.len = 0;
        if (otlp_document_encode(f->document, OTLP_ENCODING_JSON, &f->text) != 0) {
            return 0;
        }
        *text = (const char *)f->text.data;
        return f->text.len;
    case JANSSON:
        return json_dumpb(f->jansson, f->out, f->out_bytes, JSON_COMPACT);
    case CJSON:
        return cJSON_PrintPreallocated(f->cjson, f->out, (int)f->out_bytes, false) ? strlen(f->out)
                                                                                   : 0;
    }
    return 0;
}

static bool is_right(struct fixture *f, enum writer writer)
{
    const char *text;
    size_t len = write_json(f, writer, &text);
    json_t *read = json_loadb(text, len, 0, NULL);
    bool right = read != NULL && json_equal(read, f->jansson);
    json_decref(read);
    return right;
}

ASSAY_BENCH(encode, .arg_name = "by", .arg_names = {"model", "document", "jansson", "cjson"},
            .arg2_name = "attributes", .args2 = {0, 10, 100})
{
    struct fixture f = {0};
    enum writer writer = (enum writer)assay_arg(b);
    if (!fixture_make(&f, (int)assay_arg2(b)) || !is_right(&f, writer)) {
        assay_fail(b, "the request is not what it should be");
    }
    assay_elements(b, SPANS);
    assay_bytes(b, f.text.len);
    ASSAY_LOOP(b) {
        const char *text;
        write_json(&f, writer, &text);
        assay_touch(text);
    }
    fixture_free(&f);
}

/* Each into its own tree, which is freed or given back. */
ASSAY_BENCH(decode, .arg_name = "by", .arg_names = {"document", "jansson", "cjson"},
            .arg2_name = "attributes", .args2 = {0, 10, 100})
{
    struct fixture f = {0};
    if (!fixture_make(&f, (int)assay_arg2(b))) {
        assay_fail(b, "the request could not be made");
    }
    assay_elements(b, SPANS);
    assay_bytes(b, f.text.len);
    ASSAY_LOOP(b) {
        if (assay_arg(b) == 0) {
            otlp_json_decode(f.document, OTLP_TRACES, f.copy, f.text.len, 0);
            assay_touch(f.document);
        } else if (assay_arg(b) == 1) {
            json_t *tree = json_loadb(f.copy, f.text.len, 0, NULL);
            assay_touch(tree);
            json_decref(tree);
        } else {
            cJSON *tree = cJSON_Parse(f.copy);
            assay_touch(tree);
            cJSON_Delete(tree);
        }
    }
    fixture_free(&f);
}
