/* Reads tests/statistics/vectors.json. Include after cmocka.h. */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <jansson.h>
#include <stdlib.h>

#include "analysis/stats.h"

#define VECTORS_PATH "tests/statistics/vectors.json" /* tests run in the repository's root */

struct numbers {
    size_t count;
    double *at;
};

/* The whole file; NULL with a message when it cannot be read. Free with json_decref. */
static inline json_t *vectors_load(void)
{
    json_error_t cause;
    json_t *root = json_load_file(VECTORS_PATH, JSON_REJECT_DUPLICATES, &cause);
    if (root == NULL) {
        print_error("%s: %s\n", VECTORS_PATH, cause.text);
    }
    return root;
}

static inline const json_t *vectors_member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL) {
        fail_msg("%s has no \"%s\"", VECTORS_PATH, key);
    }
    return value;
}

static inline double vectors_number(const json_t *object, const char *key)
{
    const json_t *value = vectors_member(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

/* A list of numbers; free `at`. */
static inline struct numbers vectors_numbers(const json_t *object, const char *key)
{
    const json_t *list = vectors_member(object, key);
    struct numbers n = {json_array_size(list), NULL};
    assert_true(n.count > 0);
    n.at = calloc(n.count + 1, sizeof *n.at);
    assert_non_null(n.at);
    for (size_t i = 0; i < n.count; i++) {
        const json_t *value = json_array_get(list, i);
        assert_true(json_is_number(value));
        n.at[i] = json_number_value(value);
    }
    return n;
}

/* The same in ascending order. */
static inline struct numbers vectors_sorted(const json_t *object, const char *key)
{
    struct numbers n = vectors_numbers(object, key);
    stats_sort(n.at, n.count);
    return n;
}

#endif
