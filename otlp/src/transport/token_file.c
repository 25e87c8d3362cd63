#include "transport/token_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/header_rules.h"

/* The first line; NULL: there is none that can be sent. */
static char *read_token(const char *name)
{
    FILE *file = fopen(name, "re");
    char *line = file == NULL ? NULL : calloc(1, OTLP__TOKEN_BYTES_MAX);
    bool is_good = line != NULL && fgets(line, OTLP__TOKEN_BYTES_MAX, file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    if (is_good) {
        line[strcspn(line, "\r\n")] = '\0';
        is_good = line[0] != '\0' && otlp__header_value_is_valid(line);
    }
    if (!is_good) {
        free(line);
        line = NULL;
    }
    return line;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

const char *otlp__token_file_get(struct otlp__token_file *file)
{
    struct stat now;
    if (file->name != NULL && stat(file->name, &now) == 0 &&
        (file->token == NULL || !is_same(&now, &file->seen))) {
        char *token = read_token(file->name);
        if (token != NULL) {
            free(file->token);
            file->token = token;
            file->seen = now;
        }
    }
    return file->token;
}

void otlp__token_file_release(struct otlp__token_file *file)
{
    free(file->token);
    file->token = NULL;
}
