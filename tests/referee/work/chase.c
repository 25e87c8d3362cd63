#include "work.h"

struct chase_node *chase_work(struct chase_node *node, size_t units)
{
    for (size_t i = 0; i < units; i++) {
        node = node->next;
    }
    return node;
}

/* A linear congruential generator visits every number below `count` once in a period when a - 1 is
 * a multiple of 4 and of every prime factor of `count`, and c has none of them (Hull and Dobell
 * 1962); these do for 2^n 3^m. Each node is written once, in order, so that making the ring costs
 * little. */
size_t chase_next(size_t i, size_t count)
{
    return (i * (1 + 12 * (size_t)20173) + (size_t)1013904223) % count;
}

void chase_link(struct chase_node *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        nodes[i].next = &nodes[chase_next(i, count)];
    }
}
