#include <otlp/error.h>

const char *otlp_error_name(int error)
{
    switch (error) {
    case OTLP_OK:
        return "OTLP_OK";
#define OTLP_ERROR_NAME(name, value, text)                                                         \
    case name:                                                                                     \
        return #name;
        OTLP_ERROR_MAP(OTLP_ERROR_NAME)
#undef OTLP_ERROR_NAME
    default:
        return "OTLP_E?";
    }
}

const char *otlp_error_text(int error)
{
    switch (error) {
    case OTLP_OK:
        return "success";
#define OTLP_ERROR_TEXT(name, value, text)                                                         \
    case name:                                                                                     \
        return text;
        OTLP_ERROR_MAP(OTLP_ERROR_TEXT)
#undef OTLP_ERROR_TEXT
    default:
        return "unknown error";
    }
}
