#include "transport/transport_internal.h"

void otlp__call_list_init(struct otlp__call_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

void otlp__call_list_append(struct otlp__call_list *list, struct otlp__call *call)
{
    call->next = NULL;
    *list->end = call;
    list->end = &call->next;
}

struct otlp__call *otlp__call_list_shift(struct otlp__call_list *list)
{
    struct otlp__call *call = list->first;
    if (call != NULL) {
        otlp__call_list_remove(list, call);
    }
    return call;
}

void otlp__call_list_remove(struct otlp__call_list *list, struct otlp__call *call)
{
    struct otlp__call **place = &list->first;
    while (*place != call) {
        place = &(*place)->next;
    }
    *place = call->next;
    if (list->end == &call->next) {
        list->end = place;
    }
    call->next = NULL;
}
