/*
 * Error codes of libotlp.
 *
 * A function that can fail returns 0 on success and one of these negative codes otherwise; its
 * declaration lists the codes it may give. On failure nothing is written through output pointers
 * unless the declaration says so.
 */
#ifndef OTLP_ERROR_H
#define OTLP_ERROR_H

#include <otlp/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, text): one row is one code. Values are part of the ABI and are never reused. */
#define OTLP_ERROR_MAP(X)                                                                          \
    X(OTLP_ENOMEM, -1, "out of memory")                                                            \
    X(OTLP_EINVAL, -2, "an argument is outside of what the function accepts")                      \
    X(OTLP_EFORMAT, -3, "the input is malformed")                                                  \
    X(OTLP_ENOSPC, -4, "the output buffer is too small")                                           \
    X(OTLP_ELIMIT, -5, "a configured limit was reached and the item was dropped")                  \
    X(OTLP_EENDED, -6, "the object has ended and can no longer be changed")                        \
    X(OTLP_ENOTFOUND, -7, "no such entry")                                                         \
    X(OTLP_ETOOBIG, -8, "the data is larger than the permitted size")                              \
    X(OTLP_EUNSUPPORTED, -9, "this build or this input does not support the operation")            \
    X(OTLP_ECODEC, -10, "the codec library reported a failure")                                    \
    X(OTLP_EIO, -11, "an input or output operation failed")                                        \
    X(OTLP_ETIMEOUT, -12, "the operation did not finish in time")                                  \
    X(OTLP_EDICTIONARY, -13, "the data was compressed with another dictionary")

enum otlp_error {
    OTLP_OK = 0,
#define OTLP_ERROR_ENUM(name, value, text) name = (value),
    OTLP_ERROR_MAP(OTLP_ERROR_ENUM)
#undef OTLP_ERROR_ENUM
};

/* Name of a code, such as "OTLP_ENOMEM"; "OTLP_OK" for 0 and "OTLP_E?" for a value that is no
 * code. Static text; any thread. */
OTLP_API const char *otlp_error_name(int error);

/* One lower-case sentence for a code, without a full stop; "success" for 0 and "unknown error" for
 * a value that is no code. Static text; any thread. */
OTLP_API const char *otlp_error_text(int error);

#ifdef __cplusplus
}
#endif

#endif
