#include "app/tally_library.h"
#include "base/str.h"
#include "preload/library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/* Kernels before 6.3 do not know that a memory file may be asked to be executable; it is. */
static int make_file(void)
{
    int fd = memfd_create("assay-tally", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    return fd >= 0 || errno != EINVAL
               ? fd
               : memfd_create("assay-tally", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static int fill(int fd)
{
    const unsigned char *at = assay__tally_library;
    while (at < assay__tally_library_end) {
        ssize_t n = write(fd, at, (size_t)(assay__tally_library_end - at));
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        at += n > 0 ? n : 0;
    }
    return fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

int tally_library_open(struct error *error)
{
    int fd = make_file();
    if (fd >= 0 && fill(fd) == 0) {
        return fd;
    }
    error_set(error, STATUS_ENVIRONMENT, "no memory file for the counting library: %s",
              strerror(errno));
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

char *tally_library_variable(int fd)
{
    struct str text = STR_EMPTY;
    const char *others = getenv("LD_PRELOAD");
    str_format(&text, "LD_PRELOAD=/proc/self/fd/%d", fd);
    if (others != NULL && others[0] != '\0') {
        str_format(&text, ":%s", others);
    }
    return str_detach(&text);
}
