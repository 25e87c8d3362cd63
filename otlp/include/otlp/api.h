/* OTLP_API marks the functions that the shared library exports; everything else is hidden. */
#ifndef OTLP_API_H
#define OTLP_API_H

#define OTLP_API __attribute__((visibility("default")))

#endif
