#include "measure/probe.h"
#include "base/shared_page.h"

#include <string.h>

#define MAGIC "assaypr"

/* Times of the first iteration up to which n is 100 and 10: the laps together take few seconds,
 * even under valgrind, which makes everything some fifty times slower. */
#define SHORT_NS 1e6
#define LONG_NS  50e6

static uint64_t choose_iterations(const struct probe_page *page, double first_ns)
{
    if (page->iterations > 0) {
        return page->iterations;
    }
    return first_ns < SHORT_NS ? 100 : first_ns < LONG_NS ? 10 : 1;
}

uint64_t probe_plan_lap(struct probe_page *page, uint32_t lap, double first_ns)
{
    if (lap == 0) {
        return 1;
    }
    if (lap == 1) {
        page->lap_iterations = choose_iterations(page, first_ns);
    }
    return lap >= PROBE_LAPS       ? 0
           : lap + 1 == PROBE_LAPS ? 2 * page->lap_iterations
                                   : page->lap_iterations;
}

struct probe_page *probe_page_create(int *fd, struct error *error)
{
    struct probe_page *page = shared_page_create("a probe", sizeof *page, fd, error);
    if (page != NULL) {
        memcpy(page->magic, MAGIC, sizeof page->magic);
        page->protocol = PROBE_PROTOCOL;
        page->bytes = sizeof *page;
    }
    return page;
}

struct probe_page *probe_page_map(int fd, struct error *error)
{
    struct probe_page *page = shared_page_map("a probe", fd, sizeof *page, error);
    if (page != NULL && (memcmp(page->magic, MAGIC, sizeof page->magic) != 0 ||
                         page->protocol != PROBE_PROTOCOL || page->bytes != sizeof *page)) {
        error_set(error, STATUS_USAGE, "file %d is no page of protocol %d of a probe", fd,
                  PROBE_PROTOCOL);
        probe_page_unmap(page);
        return NULL;
    }
    return page;
}

void probe_page_unmap(struct probe_page *page)
{
    shared_page_unmap(page, sizeof *page);
}
