#include "app/baseline.h"
#include "base/file.h"
#include "base/memory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64

int baseline_check_name(const char *name, struct error *error)
{
    bool good =
        name[0] != '\0' && name[0] != '.' && name[0] != '-' && strlen(name) <= NAME_MAX_BYTES;
    for (const char *c = name; *c != '\0' && good; c++) {
        good = isalnum((unsigned char)*c) || strchr("_-.", *c) != NULL;
    }
    if (!good) {
        return error_set(
            error, STATUS_USAGE,
            "\"%.80s\" is no name for a baseline: use up to 64 letters, digits, '_', '-' "
            "and '.', beginning with a letter, a digit or '_'",
            name);
    }
    return 0;
}

static void document_path(struct str *path, const char *folder, const char *name, const char *suite)
{
    str_format(path, "%s/%s/%s.json", folder, name, suite);
}

int baseline_load(const char *folder, const char *name, const char *suite, struct result *baseline,
                  struct error *error)
{
    struct str path = STR_EMPTY;
    document_path(&path, folder, name, suite);
    int result = baseline_check_name(name, error);
    if (result == 0 && !file_exists(str_text(&path))) {
        result =
            error_set(error, STATUS_ENVIRONMENT,
                      "there is no baseline \"%s\" of %s (%s): save one with --save-baseline %s",
                      name, suite, str_text(&path), name);
    }
    if (result == 0) {
        result = result_read(str_text(&path), baseline, error);
    }
    str_release(&path);
    return result;
}

int baseline_check_origin(const struct result *baseline, const char *name,
                          const struct host_facts *host, struct error *error)
{
    if (baseline->method != RESULT_METHOD) {
        return error_set(error, STATUS_ENVIRONMENT,
                         "the baseline \"%s\" was measured by method %d, this is method %d", name,
                         baseline->method, RESULT_METHOD);
    }
    if (strcmp(baseline->host.key, host->key) != 0) {
        return error_set(
            error, STATUS_ENVIRONMENT,
            "the baseline \"%s\" comes from another host (%s, %d CPUs, key %s; this one has "
            "key %s)",
            name, baseline->host.cpu_model, baseline->host.cpus, baseline->host.key, host->key);
    }
    return 0;
}

/* Takes over what the old document has and the new result has not measured. */
static void carry_over(const char *path, struct result *result)
{
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    json_t *benchmarks = json_object_get(root, "benchmarks");
    size_t i;
    json_t *old;
    json_array_foreach(benchmarks, i, old)
    {
        const char *id = json_string_value(json_object_get(old, "id"));
        const char *status = json_string_value(json_object_get(old, "status"));
        if (id == NULL || status == NULL || strcmp(status, "measured") != 0) {
            continue;
        }
        struct result_benchmark *now = result_find(result, id);
        if (now != NULL && now->status == RESULT_MEASURED) {
            continue;
        }
        if (now == NULL) {
            now = result_add(result);
            now->id = memory_text(id);
        }
        now->carried = json_incref(old);
    }
    json_decref(root);
}

static void drop_carried(struct result *result, size_t count)
{
    for (size_t i = 0; i < result->count; i++) {
        json_decref(result->benchmarks[i].carried);
        result->benchmarks[i].carried = NULL;
    }
    while (result->count > count) {
        free(result->benchmarks[--result->count].id);
    }
}

/* Whether there is an old document whose benchmarks may stand beside the new ones. 1, 0, or -1 with
 * an error. */
static int old_may_be_kept(const char *path, const char *name, const struct result *result,
                           bool partial, struct error *error)
{
    if (!file_exists(path)) {
        return 0;
    }
    struct error why = {0};
    struct result old;
    int keep = result_read(path, &old, &why) == 0 &&
               baseline_check_origin(&old, name, &result->host, &why) == 0;
    result_release(&old);
    if (!keep && partial) {
        return error_set(
            error, STATUS_ENVIRONMENT,
            "this run measured a part of the suite and cannot replace the whole baseline "
            "\"%s\": %s",
            name, why.text);
    }
    return keep;
}

int baseline_save(const char *folder, const char *name, struct result *result, bool partial,
                  struct error *error)
{
    struct str path = STR_EMPTY;
    struct str text = STR_EMPTY;
    document_path(&path, folder, name, result->suite);
    size_t count = result->count;
    int keep = old_may_be_kept(str_text(&path), name, result, partial, error);
    int code = keep < 0 ? -1 : 0;
    if (code == 0) {
        struct str home = STR_EMPTY;
        str_format(&home, "%s/%s", folder, name);
        code = file_make_folder(str_text(&home), error);
        str_release(&home);
    }
    if (code == 0) {
        if (keep) {
            carry_over(str_text(&path), result);
        }
        result_write(result, &text);
        drop_carried(result, count);
        code = file_save(str_text(&path), str_text(&text), text.length, error);
    }
    str_release(&text);
    str_release(&path);
    return code;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int is_document(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".json") == 0;
}

static void list_one(const char *folder, const char *name, struct str *out)
{
    struct str path = STR_EMPTY;
    struct dirent **documents;
    str_format(&path, "%s/%s", folder, name);
    int count = scandir(str_text(&path), &documents, is_document, alphasort);
    for (int i = 0; i < count; i++) {
        struct str file = STR_EMPTY;
        struct error error = {0};
        struct result result;
        str_format(&file, "%s/%s", str_text(&path), documents[i]->d_name);
        if (result_read(str_text(&file), &result, &error) == 0) {
            str_format(out, "%-20s %-24s %s  %zu benchmarks  commit %s  %s\n", name, result.suite,
                       result.started_utc, result.count,
                       result.commit == NULL ? "none" : result.commit, result.host.cpu_model);
            result_release(&result);
        } else {
            str_format(out, "%-20s broken: %s\n", name, error.text);
        }
        str_release(&file);
        free(documents[i]);
    }
    if (count >= 0) {
        free(documents);
    }
    str_release(&path);
}

int baseline_list(const char *folder, struct str *out, struct error *error)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_visible, alphasort);
    if (count < 0 && errno != ENOENT) {
        return error_set(error, STATUS_ENVIRONMENT, "cannot read the folder %s: %s", folder,
                         strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        list_one(folder, names[i]->d_name, out);
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    return 0;
}

static int remove_entry(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

int baseline_remove(const char *folder, const char *name, struct error *error)
{
    if (baseline_check_name(name, error) != 0) {
        return -1;
    }
    struct str path = STR_EMPTY;
    struct stat facts;
    int code = 0;
    str_format(&path, "%s/%s", folder, name);
    if (lstat(str_text(&path), &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        code =
            error_set(error, STATUS_ENVIRONMENT, "there is no baseline \"%s\" in %s", name, folder);
    } else if (nftw(str_text(&path), remove_entry, 8, FTW_DEPTH | FTW_PHYS) != 0) {
        code = error_set(error, STATUS_ENVIRONMENT, "cannot remove %s: %s", str_text(&path),
                         strerror(errno));
    }
    str_release(&path);
    return code;
}
