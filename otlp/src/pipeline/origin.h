/* Where an item comes from: the scope and resource that it is sent under. Items of one origin are
 * encoded together. */
#ifndef OTLP_PIPELINE_ORIGIN_H
#define OTLP_PIPELINE_ORIGIN_H

#include <otlp/resource.h>

struct otlp__origin {
    struct otlp_scope scope;
    const struct otlp_resource *resource;
};

#endif
