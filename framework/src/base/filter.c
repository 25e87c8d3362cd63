#include "base/filter.h"
#include "base/memory.h"
#include "base/nearest.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct matcher {
    bool exact;
    size_t count; /* of expressions that were compiled, or of texts */
    const char *const *texts;
    regex_t *expressions; /* NULL when exact */
};

static int matcher_init(struct matcher *m, const char *const *texts, size_t count, bool exact,
                        struct error *error)
{
    *m = (struct matcher){.exact = exact, .texts = texts};
    if (exact) {
        m->count = count;
        return 0;
    }
    m->expressions = memory_zeroed(count, sizeof *m->expressions);
    for (size_t i = 0; i < count; i++) {
        int code = regcomp(&m->expressions[i], texts[i], REG_EXTENDED | REG_NOSUB);
        if (code != 0) {
            char why[128];
            regerror(code, &m->expressions[i], why, sizeof why);
            return error_set(error, STATUS_USAGE, "\"%s\" is not a regular expression: %s",
                             texts[i], why);
        }
        m->count++;
    }
    return 0;
}

static void matcher_release(struct matcher *m)
{
    for (size_t i = 0; i < m->count && !m->exact; i++) {
        regfree(&m->expressions[i]);
    }
    free(m->expressions);
}

static bool matches_one(const struct matcher *m, size_t i, const char *id)
{
    return m->exact ? strcmp(m->texts[i], id) == 0
                    : regexec(&m->expressions[i], id, 0, NULL, 0) == 0;
}

static bool matches(const struct matcher *m, const char *id)
{
    for (size_t i = 0; i < m->count; i++) {
        if (matches_one(m, i, id)) {
            return true;
        }
    }
    return false;
}

static int no_match(const char *const *ids, size_t count, const char *filter, struct error *error)
{
    const char *near = nearest_word(filter, ids, count);
    return error_set(error, STATUS_USAGE, "no benchmark matches \"%s\"%s%s%s", filter,
                     near == NULL ? "; --list shows the ids" : "; did you mean ",
                     near == NULL ? "" : near, near == NULL ? "" : "?");
}

static int check_all_used(const struct matcher *wanted, const char *const *ids, size_t count,
                          struct error *error)
{
    for (size_t f = 0; f < wanted->count; f++) {
        bool used = false;
        for (size_t i = 0; i < count && !used; i++) {
            used = matches_one(wanted, f, ids[i]);
        }
        if (!used) {
            return no_match(ids, count, wanted->texts[f], error);
        }
    }
    return 0;
}

int filter_ids(const char *const *ids, size_t count, const struct filter_request *request,
               bool *keep, struct error *error)
{
    struct matcher wanted;
    struct matcher unwanted = {.count = 0};
    int result =
        matcher_init(&wanted, request->wanted, request->wanted_count, request->exact, error);
    if (result == 0) {
        result = matcher_init(&unwanted, request->unwanted, request->unwanted_count, false, error);
    }
    if (result == 0) {
        result = check_all_used(&wanted, ids, count, error);
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        keep[i] = (wanted.count == 0 || matches(&wanted, ids[i])) && !matches(&unwanted, ids[i]);
    }
    matcher_release(&wanted);
    matcher_release(&unwanted);
    return result;
}
