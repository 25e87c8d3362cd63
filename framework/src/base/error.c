#include "base/error.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, enum status status, const char *format, ...)
{
    if (!error_is_set(error)) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
        for (char *c = error->text; *c != '\0'; c++) {
            *c = iscntrl((unsigned char)*c) ? '?' : *c; /* one sentence is one line */
        }
        error->status = status;
    }
    return -1;
}
