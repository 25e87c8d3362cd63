/* Writes made-up comparisons in every format into a folder, for tests that read them with readers
 * of others:
 *
 *     versus_documents FOLDER
 *
 * FOLDER/NAME.json, .md, .xml and .txt (the lines and the summary of a terminal). */
#include <stdio.h>

#include "base/file.h"
#include "tests/unit/versus_hostile.h"

static void print(const struct versus *v, struct str *out)
{
    for (size_t i = 0; i < v->count; i++) {
        versus_add_line(&v->benchmarks[i], 34, false, out);
    }
    versus_add_summary(v, false, out);
}

static const struct {
    const char *suffix;
    void (*write)(const struct versus *v, struct str *out);
} formats[] = {
    {"json", versus_write}, {"md", versus_markdown}, {"xml", versus_junit}, {"txt", print}};

static int save_all(const char *folder, const char *name, struct versus v)
{
    struct error error = {0};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct str path = STR_EMPTY;
        struct str text = STR_EMPTY;
        str_format(&path, "%s/%s.%s", folder, name, formats[i].suffix);
        formats[i].write(&v, &text);
        file_save(str_text(&path), str_text(&text), text.length, &error);
        str_release(&path);
        str_release(&text);
    }
    versus_release(&v);
    if (error_is_set(&error)) {
        fprintf(stderr, "versus_documents: %s\n", error.text);
    }
    return error_is_set(&error) ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: versus_documents FOLDER\n");
        return 2;
    }
    return save_all(argv[1], "sample", versus_sample()) |
           save_all(argv[1], "empty", versus_context()) |
           save_all(argv[1], "untrusted", versus_untrusted()) |
           save_all(argv[1], "hostile", versus_hostile()) |
           save_all(argv[1], "many", versus_many(2000));
}
