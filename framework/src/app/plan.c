#include "app/plan.h"
#include "app/axis.h"
#include "base/filter.h"
#include "base/memory.h"
#include "base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static struct assay_entry *registered;

void assay_register(struct assay_entry *entry)
{
    entry->next = registered;
    registered = entry;
}

const struct assay_entry *plan_entries(void)
{
    return registered;
}

static const char *entry_name(const struct assay_entry *entry)
{
    return entry->name != NULL ? entry->name : entry->ident;
}

static int by_name(const void *a, const void *b)
{
    const struct assay_entry *x = *(const struct assay_entry *const *)a;
    const struct assay_entry *y = *(const struct assay_entry *const *)b;
    int order = strcmp(entry_name(x), entry_name(y));
    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static bool is_plain_name(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("_-.", *c) == NULL) {
            return false;
        }
    }
    return name[0] != '\0' && name[0] != '.';
}

static int check_entry(const struct assay_entry *entry, const struct assay_suite *suite,
                       struct error *error)
{
    if (entry->abi != ASSAY_ABI || entry->suite->abi != ASSAY_ABI) {
        return error_set(error, STATUS_USAGE,
                         "%s:%d: %s was compiled against interface %u of assay.h, this library has "
                         "%d: compile it again",
                         entry->file, entry->line, entry->ident, entry->abi, ASSAY_ABI);
    }
    if (strcmp(entry->suite->name, suite->name) != 0) {
        return error_set(error, STATUS_USAGE,
                         "one program, two suite names: \"%s\" and \"%s\" (%s:%d)", suite->name,
                         entry->suite->name, entry->file, entry->line);
    }
    if (!is_plain_name(suite->name)) {
        return error_set(error, STATUS_USAGE,
                         "the suite name \"%s\" has more than letters, digits, '_', '-' and '.'",
                         suite->name);
    }
    return 0;
}

/* Fields that contradict each other. */
static int check_fields(const struct assay_entry *entry, struct error *error)
{
    const char *wrong = NULL;
    if ((unsigned)entry->batching > ASSAY_BATCH_COUNT) {
        wrong = ".batching is none of the ASSAY_BATCH_ values";
    } else if (entry->batch > 0 && entry->batching != ASSAY_BATCH_FIXED &&
               entry->batching != ASSAY_BATCH_COUNT) {
        wrong = ".batch goes with ASSAY_BATCH_FIXED or ASSAY_BATCH_COUNT";
    } else if (entry->batch_bytes_max > 0 && entry->input_bytes == 0) {
        wrong = ".batch_bytes_max needs .input_bytes: what one input takes";
    } else if (entry->cold && entry->threads[0] > 0) {
        wrong = ".cold goes with one thread only: leave .threads out";
    } else if (entry->cold && entry->sampling == ASSAY_LINEAR) {
        wrong = ".cold samples have one iteration each: ASSAY_LINEAR cannot be";
    }
    if (wrong != NULL) {
        return error_set(error, STATUS_USAGE, "%s:%d: %s: %s", entry->file, entry->line,
                         entry->ident, wrong);
    }
    return 0;
}

static struct bench_arg make_arg(const struct axis *axis, size_t index, char **own_text)
{
    struct bench_arg arg = {.axis = axis->name, .text = ""};
    if (axis->words != NULL) {
        arg.value = (int64_t)index;
        arg.is_word = true;
        arg.text = axis->words[index];
    } else if (axis->integers != NULL) {
        struct str text = STR_EMPTY;
        str_format(&text, "%lld", (long long)axis->integers[index]);
        *own_text = str_detach(&text);
        arg.value = axis->integers[index];
        arg.text = *own_text;
    }
    return arg;
}

static void add_case(struct plan *plan, const struct assay_entry *entry, const struct axis axes[2],
                     size_t first, size_t second, int threads)
{
    plan->cases = memory_resize(plan->cases, plan->count + 1, sizeof *plan->cases);
    struct plan_case *added = &plan->cases[plan->count++];
    *added = (struct plan_case){.entry = entry, .bench = memory_text(entry_name(entry))};
    added->bench_case = (struct bench_case){
        .run = entry->run,
        .arg = make_arg(&axes[0], first, &added->arg_text),
        .arg2 = make_arg(&axes[1], second, &added->arg2_text),
        .threads = threads > 0 ? (unsigned)threads : 1,
        .lockstep = entry->lockstep,
        .batching = {.policy = entry->batching,
                     .batch = entry->batch,
                     .input_bytes = entry->input_bytes,
                     .bytes_max = entry->batch_bytes_max},
        .cold = entry->cold,
        .null_run = entry->suite->null_run,
    };
    struct str id = STR_EMPTY;
    str_format(&id, "%s/%s", entry->suite->name, entry_name(entry));
    for (size_t i = 0; i < 2; i++) {
        const struct bench_arg *arg = i == 0 ? &added->bench_case.arg : &added->bench_case.arg2;
        if (axis_is_given(&axes[i])) {
            str_format(&id, "/%s", arg->text);
        }
    }
    if (threads > 0) {
        str_format(&id, "/threads:%d", threads);
    }
    added->id = str_detach(&id);
}

/* Thread counts of an entry: its own list, or the command line's in its place; one 0 when it has
 * none. */
static size_t thread_counts(const struct assay_entry *entry, const struct options *options,
                            int counts[ASSAY_AXIS_MAX])
{
    size_t count = 0;
    while (count < ASSAY_AXIS_MAX && entry->threads[count] > 0) {
        counts[count] = entry->threads[count];
        count++;
    }
    if (count > 0 && options->threads.count > 0) {
        count = options->threads.count;
        memcpy(counts, options->threads.value, count * sizeof counts[0]);
    }
    if (count == 0) {
        counts[count++] = 0;
    }
    return count;
}

static int expand(struct plan *plan, const struct assay_entry *entry, const struct options *options,
                  struct error *error)
{
    struct axis axes[2];
    if (axis_first(entry, &axes[0], error) != 0 || axis_second(entry, &axes[1], error) != 0) {
        return -1;
    }
    if (entry->complexity && axes[0].integers == NULL) {
        return error_set(error, STATUS_USAGE,
                         "%s:%d: %s: .complexity needs a first axis of integers: give .args the "
                         "values of n",
                         entry->file, entry->line, entry->ident);
    }
    int threads[ASSAY_AXIS_MAX];
    size_t thread_axis = thread_counts(entry, options, threads);
    for (size_t i = 0; i < axis_length(&axes[0]); i++) {
        for (size_t j = 0; j < axis_length(&axes[1]); j++) {
            for (size_t t = 0; t < thread_axis; t++) {
                add_case(plan, entry, axes, i, j, threads[t]);
            }
        }
    }
    return 0;
}

static int check_unique(const struct plan *plan, struct error *error)
{
    for (size_t i = 0; i < plan->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(plan->cases[i].id, plan->cases[j].id) == 0) {
                return error_set(
                    error, STATUS_USAGE, "two benchmarks have the id %s: %s:%d and %s:%d",
                    plan->cases[i].id, plan->cases[j].entry->file, plan->cases[j].entry->line,
                    plan->cases[i].entry->file, plan->cases[i].entry->line);
            }
        }
    }
    return 0;
}

static bool has_tag(const struct assay_entry *entry, const char *tag)
{
    size_t length = strlen(tag);
    for (const char *at = entry->tags == NULL ? "" : entry->tags; *(at += strspn(at, " ")) != '\0';
         at += strcspn(at, " ")) {
        if (strcspn(at, " ") == length && strncmp(at, tag, length) == 0) {
            return true;
        }
    }
    return false;
}

static void drop_case(struct plan_case *dropped)
{
    free(dropped->id);
    free(dropped->bench);
    free(dropped->arg_text);
    free(dropped->arg2_text);
}

static void keep_cases(struct plan *plan, const bool *keep, const char *tag)
{
    size_t kept = 0;
    for (size_t i = 0; i < plan->count; i++) {
        struct plan_case *c = &plan->cases[i];
        if (keep[i] && (tag == NULL || has_tag(c->entry, tag))) {
            plan->cases[kept++] = *c;
        } else {
            drop_case(c);
        }
    }
    plan->count = kept;
}

static int filter(struct plan *plan, const struct options *options, struct error *error)
{
    struct filter_request request = {.wanted = options->filters.text,
                                     .wanted_count = options->filters.count,
                                     .unwanted = options->skips.text,
                                     .unwanted_count = options->skips.count,
                                     .exact = options->exact};
    const char **ids = memory_zeroed(plan->count, sizeof *ids);
    bool *keep = memory_zeroed(plan->count, sizeof *keep);
    for (size_t i = 0; i < plan->count; i++) {
        ids[i] = plan->cases[i].id;
    }
    int result = filter_ids(ids, plan->count, &request, keep, error);
    if (result == 0) {
        keep_cases(plan, keep, options->tag);
        if (plan->count == 0) {
            result = error_set(error, STATUS_USAGE,
                               "the filters leave no benchmark; --list shows the ids");
        }
    }
    free(ids);
    free(keep);
    return result;
}

int plan_make(const struct assay_entry *entries, const struct options *options, struct plan *plan,
              struct error *error)
{
    *plan = (struct plan){.count = 0};
    size_t count = 0;
    for (const struct assay_entry *e = entries; e != NULL; e = e->next) {
        count++;
    }
    if (count == 0) {
        return error_set(error, STATUS_USAGE,
                         "this program has no benchmark: write one with "
                         "ASSAY_BENCH and link its object file");
    }
    const struct assay_entry **sorted = memory_zeroed(count, sizeof(struct assay_entry *));
    size_t at = 0;
    for (const struct assay_entry *e = entries; e != NULL; e = e->next) {
        sorted[at++] = e;
    }
    qsort(sorted, count, sizeof(struct assay_entry *), by_name);
    plan->suite = sorted[0]->suite;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = check_entry(sorted[i], plan->suite, error);
        if (result == 0) {
            result = check_fields(sorted[i], error);
        }
        if (result == 0) {
            result = expand(plan, sorted[i], options, error);
        }
    }
    free(sorted);
    if (result == 0) {
        result = check_unique(plan, error);
    }
    return result != 0 ? result : filter(plan, options, error);
}

void plan_release(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        drop_case(&plan->cases[i]);
    }
    free(plan->cases);
    *plan = (struct plan){.count = 0};
}
