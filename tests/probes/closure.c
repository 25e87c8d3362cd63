/* Says of each benchmark's function whether all that it reaches is the same in two executables.
 *
 *     closure OLD NEW SYMBOL...
 *
 * A line a symbol: "SYMBOL same", "SYMBOL different: why", "SYMBOL cannot tell: why". Exit status
 * 2: usage; 4, with a sentence on stderr: a file cannot be read. */
#include "versus/closure.h"

#include <stdio.h>

static const char *const answers[] = {
    [CLOSURE_SAME] = "same",
    [CLOSURE_DIFFERENT] = "different",
    [CLOSURE_CANNOT_TELL] = "cannot tell",
};

int main(int argc, char **argv)
{
    struct closure_file *file[2] = {NULL, NULL};
    struct error error = {0};
    struct str why = STR_EMPTY;
    if (argc < 4) {
        fputs("usage: closure OLD NEW SYMBOL...\n", stderr);
        return 2;
    }
    for (int i = 0; i < 2 && !error_is_set(&error); i++) {
        (void)closure_open(argv[1 + i], &file[i], &error);
    }
    for (int i = 3; i < argc && !error_is_set(&error); i++) {
        enum closure_answer answer = closure_same(file[0], file[1], argv[i], &why);
        printf("%s %s%s%s\n", argv[i], answers[answer], answer == CLOSURE_SAME ? "" : ": ",
               str_text(&why));
    }
    if (error_is_set(&error)) {
        fprintf(stderr, "%s\n", error.text);
    }
    str_release(&why);
    closure_close(file[0]);
    closure_close(file[1]);
    return (int)error.status;
}
