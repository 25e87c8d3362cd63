#include "app/session.h"
#include "app/baseline.h"
#include "app/doctor.h"
#include "app/repository.h"
#include "app/results_folder.h"
#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int session_complain(const struct error *error)
{
    fprintf(stderr, "assay: %s\n", error->text);
    return (int)error->status;
}

void session_note(const struct session *s, const char *text)
{
    if (!s->options.quiet) {
        fprintf(stderr, "assay: %s\n", text);
    }
}

const char *session_baseline_name(const struct options *options)
{
    return options->baseline != NULL ? options->baseline : options->baseline_lenient;
}

/* Every benchmark of the run must be in a strict baseline. */
static int check_complete(struct session *s, const char *name)
{
    for (size_t i = 0; i < s->plan.count; i++) {
        const struct result_benchmark *old = result_find(&s->baseline, s->plan.cases[i].id);
        bool cannot_run = old != NULL && old->status == RESULT_SKIPPED;
        if ((old == NULL || old->record == NULL) && !cannot_run) {
            return error_set(&s->error, STATUS_ENVIRONMENT,
                             "the baseline \"%s\" has no figure of %s: save it again, or use "
                             "--baseline-lenient",
                             name, s->plan.cases[i].id);
        }
    }
    return 0;
}

static void note_sentence(const struct session *s, const struct error *cause, const char *rest)
{
    struct str line = STR_EMPTY;
    str_format(&line, "%s%s", cause->text, rest);
    session_note(s, str_text(&line));
    str_release(&line);
}

int session_load_baseline(struct session *s)
{
    const struct options *o = &s->options;
    const char *name = session_baseline_name(o);
    struct error cause = {0};
    if (name == NULL) {
        return 0;
    }
    bool loaded =
        baseline_load(o->baselines_dir, name, s->plan.suite->name, &s->baseline, &cause) == 0;
    bool fits = loaded && baseline_check_origin(&s->baseline, name, &s->result.host, &cause) == 0;
    if (o->baseline != NULL && !fits) {
        return error_set(&s->error, cause.status, "%s%s", cause.text,
                         loaded ? ": save it again here, or use --baseline-lenient" : "");
    }
    if (!fits) {
        note_sentence(s, &cause, loaded ? "; it is compared with all the same" : "");
    }
    return o->baseline != NULL ? check_complete(s, name) : 0;
}

int session_load_samples(struct session *s)
{
    const struct options *o = &s->options;
    if (o->load_baseline == NULL) {
        return 0;
    }
    return baseline_load(o->baselines_dir, o->load_baseline, s->plan.suite->name, &s->loaded,
                         &s->error);
}

static char *copy_of(const char *text)
{
    return text == NULL ? NULL : memory_text(text);
}

/* Stored samples are of the machine, the build and the commit that they came from. */
static void take_origin(struct result *r, const struct result *from)
{
    r->method = from->method;
    r->commit = copy_of(from->commit);
    r->dirty = from->dirty;
    r->build = (struct result_build){.compiler = copy_of(from->build.compiler),
                                     .flags = copy_of(from->build.flags),
                                     .variant = copy_of(from->build.variant),
                                     .optimised = from->build.optimised};
    r->clock = from->clock;
    r->has_stability = from->has_stability;
    r->stability = from->stability;
    for (size_t i = 0; i < from->warning_count; i++) {
        result_add_warning(r, from->warnings[i]);
    }
}

static void find_origin(struct result *r, const struct assay_suite *suite, int64_t pin_cpu)
{
    r->method = RESULT_METHOD;
    r->commit = repository_commit(&r->dirty);
    r->build = (struct result_build){.compiler = copy_of(suite->compiler),
                                     .flags = copy_of(suite->flags),
                                     .variant = copy_of(suite->variant),
                                     .optimised = suite->optimised};
    r->clock = *clock_init();
    struct environment_site site = doctor_site(suite, pin_cpu);
    doctor_add_warnings(&site, r);
}

void session_find_context(struct session *s)
{
    struct result *r = &s->result;
    r->tool_version = memory_text(ASSAY_VERSION);
    r->suite = memory_text(s->plan.suite->name);
    r->started_utc = memory_zeroed(21, 1);
    result_format_utc(time(NULL), r->started_utc);
    if (s->options.load_baseline != NULL) {
        take_origin(r, &s->loaded);
    } else {
        find_origin(r, s->plan.suite, s->options.pin_cpu);
    }
    r->settings = options_to_json(&s->options);
    r->seed = s->options.seed;
}

int session_prepare(struct session *s)
{
    const struct options *o = &s->options;
    if (!o->discard_baseline) {
        struct str document = STR_EMPTY;
        str_format(&document, "%s.json", s->result.suite);
        s->results_dir = o->results_dir != NULL
                             ? memory_text(o->results_dir)
                             : results_folder_choose(s->result.started_utc, s->result.commit,
                                                     str_text(&document));
        str_release(&document);
        if (file_check_writable(s->results_dir, &s->error) != 0) {
            return -1;
        }
    }
    if (o->save_baseline == NULL) {
        return 0;
    }
    struct str folder = STR_EMPTY;
    str_format(&folder, "%s/%s", o->baselines_dir, o->save_baseline);
    int code = file_check_writable(str_text(&folder), &s->error);
    str_release(&folder);
    return code;
}

/* When its folder fails after all, what was measured goes to the temporary folder. */
static void rescue(const struct session *s)
{
    const char *temporary = getenv("TMPDIR");
    struct str path = STR_EMPTY;
    struct str text = STR_EMPTY;
    struct error second = {0};
    result_write(&s->result, &text);
    str_format(&path, "%s/assay-%s-%ld.json", temporary == NULL ? "/tmp" : temporary,
               s->result.suite, (long)getpid());
    if (file_save(str_text(&path), str_text(&text), text.length, &second) == 0) {
        fprintf(stderr, "assay: the result was saved as %s instead\n", str_text(&path));
    } else {
        fprintf(stderr, "assay: the result could not be kept: %s\n", second.text);
    }
    str_release(&text);
    str_release(&path);
}

int session_save_results(struct session *s)
{
    if (s->results_dir == NULL) {
        return 0;
    }
    struct str text = STR_EMPTY;
    struct str path = STR_EMPTY;
    result_write(&s->result, &text);
    str_format(&path, "%s/%s.json", s->results_dir, s->result.suite);
    int code = file_save(str_text(&path), str_text(&text), text.length, &s->error);
    if (code != 0) {
        session_complain(&s->error);
        rescue(s);
    } else {
        if (s->options.results_dir == NULL) {
            results_folder_mark_latest(s->results_dir);
        }
        struct str line = STR_EMPTY;
        str_format(&line, "wrote %s", str_text(&path));
        session_note(s, str_text(&line));
        str_release(&line);
    }
    str_release(&path);
    str_release(&text);
    return code;
}

int session_save_baseline(struct session *s)
{
    const struct options *o = &s->options;
    if (o->save_baseline == NULL) {
        return 0;
    }
    if (s->runner.interrupted) {
        session_note(s, "the run was interrupted: the baseline was left as it was");
        return 0;
    }
    bool partial = o->filters.count > 0 || o->skips.count > 0 || o->tag != NULL;
    int code = baseline_save(o->baselines_dir, o->save_baseline, &s->result, partial, &s->error);
    if (code != 0) {
        session_complain(&s->error);
        if (s->results_dir == NULL) {
            rescue(s);
        }
    }
    return code;
}

void session_release(struct session *s)
{
    probes_release(&s->runner.probes);
    plan_release(&s->plan);
    result_release(&s->baseline);
    result_release(&s->loaded);
    result_release(&s->result);
    free(s->results_dir);
}
