#include "grpc_code.h"

enum otlp_grpc_code otlp__rx_grpc_of_http(int status)
{
    switch (status) {
    case 400:
        return OTLP_GRPC_INVALID_ARGUMENT;
    case 401:
        return OTLP_GRPC_UNAUTHENTICATED;
    case 403:
        return OTLP_GRPC_PERMISSION_DENIED;
    case 404:
    case 405:
    case 415:
    case 501:
        return OTLP_GRPC_UNIMPLEMENTED;
    case 408:
        return OTLP_GRPC_DEADLINE_EXCEEDED;
    case 413:
    case 429:
    case 431:
        return OTLP_GRPC_RESOURCE_EXHAUSTED;
    case 502:
    case 503:
    case 504:
        return OTLP_GRPC_UNAVAILABLE;
    case 500:
        return OTLP_GRPC_INTERNAL;
    default:
        return status < 300 ? OTLP_GRPC_OK : OTLP_GRPC_UNKNOWN;
    }
}

int otlp__rx_http_of_grpc(int grpc_code)
{
    switch (grpc_code) {
    case OTLP_GRPC_OK:
        return 200;
    case OTLP_GRPC_INVALID_ARGUMENT:
        return 400;
    case OTLP_GRPC_UNAUTHENTICATED:
        return 401;
    case OTLP_GRPC_PERMISSION_DENIED:
        return 403;
    case OTLP_GRPC_UNIMPLEMENTED:
        return 404;
    case OTLP_GRPC_RESOURCE_EXHAUSTED:
        return 429;
    case OTLP_GRPC_CANCELLED:
    case OTLP_GRPC_DEADLINE_EXCEEDED:
    case OTLP_GRPC_ABORTED:
    case OTLP_GRPC_OUT_OF_RANGE:
    case OTLP_GRPC_UNAVAILABLE:
    case OTLP_GRPC_DATA_LOSS:
        return 503;
    default:
        return 500;
    }
}
