#include "base/shared_page.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void *map(int fd, size_t bytes)
{
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
}

void *shared_page_create(const char *what, size_t bytes, int *fd, struct error *error)
{
    int file = memfd_create("assay", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, (off_t)bytes) != 0) {
        error_set(error, STATUS_ENVIRONMENT, "cannot make a memory file for %s: %s", what,
                  strerror(errno));
        if (file >= 0) {
            close(file);
        }
        return NULL;
    }
    void *page = map(file, bytes);
    if (page == MAP_FAILED) {
        error_set(error, STATUS_ENVIRONMENT, "cannot map a memory file for %s: %s", what,
                  strerror(errno));
        close(file);
        return NULL;
    }
    *fd = file;
    return page;
}

void *shared_page_map(const char *what, int fd, size_t bytes, struct error *error)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0 || facts.st_size < (off_t)bytes) {
        error_set(error, STATUS_USAGE, "file %d is no page of %s", fd, what);
        return NULL;
    }
    void *page = map(fd, bytes);
    if (page == MAP_FAILED) {
        error_set(error, STATUS_ENVIRONMENT, "cannot map file %d: %s", fd, strerror(errno));
        return NULL;
    }
    return page;
}

void shared_page_unmap(void *page, size_t bytes)
{
    if (page != NULL) {
        munmap(page, bytes);
    }
}
