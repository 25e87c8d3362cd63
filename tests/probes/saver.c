/* Saves two documents under one name, in turns, until it is killed:
 *
 *     saver TARGET DOCUMENT DOCUMENT
 *
 * Prints a line when the first one is saved. */
#include "base/file.h"

#include <stdio.h>

#define SAVES_MAX 1000000

int main(int argc, char **argv)
{
    struct error error = {0};
    struct str documents[2] = {STR_EMPTY, STR_EMPTY};
    if (argc != 4 || file_load(argv[2], &documents[0], &error) != 0 ||
        file_load(argv[3], &documents[1], &error) != 0) {
        fprintf(stderr, "saver: %s\n",
                error_is_set(&error) ? error.text : "three paths are needed");
        return 2;
    }
    int result = 0;
    for (long i = 0; i < SAVES_MAX && result == 0; i++) {
        const struct str *document = &documents[i % 2];
        result = file_save(argv[1], str_text(document), document->length, &error);
        if (i == 0) {
            puts("saved");
            fflush(stdout);
        }
    }
    str_release(&documents[0]);
    str_release(&documents[1]);
    fprintf(stderr, "saver: %s\n", result == 0 ? "was not killed" : error.text);
    return 1;
}
