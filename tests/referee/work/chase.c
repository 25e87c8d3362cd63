#include "work.h"

struct chase_node *chase_work(struct chase_node *node, size_t units)
{
    for (size_t i = 0; i < units; i++) {
        node = node->next;
    }
    return node;
}

/* Sattolo's shuffle of the identity: one ring through all nodes, each ring equally likely. */
void chase_link(struct chase_node *nodes, size_t count)
{
    uint64_t random = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < count; i++) {
        nodes[i].next = &nodes[i];
    }
    for (size_t i = count - 1; i > 0; i--) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t other = (size_t)(random >> 20) % i;
        struct chase_node *next = nodes[i].next;
        nodes[i].next = nodes[other].next;
        nodes[other].next = next;
    }
}
