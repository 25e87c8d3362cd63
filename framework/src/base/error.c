#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, enum status status, const char *format, ...)
{
    if (!error_is_set(error)) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
        error->status = status;
    }
    return -1;
}
