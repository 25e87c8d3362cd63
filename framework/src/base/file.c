#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_BYTES_MAX   ((off_t)1 << 30)
#define LEFTOVER_SECONDS 3600

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

static void folder_of(const char *path, struct str *folder)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        str_add(folder, ".");
    } else {
        str_add_bytes(folder, path, slash == path ? 1 : (size_t)(slash - path));
    }
}

/* A rename is on disk only when its folder is. Some file systems cannot sync a folder: no error. */
static void sync_folder(const char *path)
{
    struct str folder = STR_EMPTY;
    folder_of(path, &folder);
    int fd = open(str_text(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    str_release(&folder);
}

/* Temporary files of this path whose writer was killed: nobody writes for so long. */
static void remove_leftovers(const char *path)
{
    struct str pattern = STR_EMPTY;
    glob_t found;
    for (const char *c = path; *c != '\0'; c++) {
        if (strchr("\\*?[", *c) != NULL) {
            str_add_char(&pattern, '\\');
        }
        str_add_char(&pattern, *c);
    }
    str_add(&pattern, ".tmp.[0-9]*");
    if (glob(str_text(&pattern), GLOB_NOSORT, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            struct stat facts;
            if (stat(found.gl_pathv[i], &facts) == 0 &&
                time(NULL) - facts.st_mtime > LEFTOVER_SECONDS) {
                unlink(found.gl_pathv[i]);
            }
        }
        globfree(&found);
    }
    str_release(&pattern);
}

static int replace(const char *path, const char *bytes, size_t length, struct error *error)
{
    struct str temporary = STR_EMPTY;
    str_format(&temporary, "%s.tmp.%ld", path, (long)getpid());
    int result = 0;
    int fd = open(str_text(&temporary), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        result = error_set(error, STATUS_ENVIRONMENT, "cannot create %s: %s", str_text(&temporary),
                           strerror(errno));
        goto done;
    }
    int failed = write_all(fd, bytes, length) != 0 || fsync(fd) != 0;
    int cause = errno;
    if (close(fd) != 0 && !failed) {
        failed = 1;
        cause = errno;
    }
    if (!failed && rename(str_text(&temporary), path) != 0) {
        failed = 1;
        cause = errno;
    }
    if (failed) {
        unlink(str_text(&temporary));
        result = error_set(error, STATUS_ENVIRONMENT, "cannot write %s: %s", path, strerror(cause));
        goto done;
    }
    sync_folder(path);
    remove_leftovers(path);
done:
    str_release(&temporary);
    return result;
}

/* A device, a pipe or a socket is there to be written to, not to be replaced. */
static bool is_stream(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode);
}

static int write_through(const char *path, const char *bytes, size_t length, struct error *error)
{
    int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    int failed = fd < 0 || write_all(fd, bytes, length) != 0;
    int cause = errno;
    if (fd >= 0 && close(fd) != 0 && !failed) {
        failed = 1;
        cause = errno;
    }
    return failed
               ? error_set(error, STATUS_ENVIRONMENT, "cannot write %s: %s", path, strerror(cause))
               : 0;
}

int file_save(const char *path, const char *bytes, size_t length, struct error *error)
{
    struct stat facts;
    if (is_stream(path)) {
        return write_through(path, bytes, length, error);
    }
    bool link = lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode);
    char *target = link ? realpath(path, NULL) : NULL;
    int result = replace(target == NULL ? path : target, bytes, length, error);
    free(target);
    return result;
}

int file_load(const char *path, struct str *out, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if (fd < 0 || fstat(fd, &facts) != 0) {
        int cause = errno;
        if (fd >= 0) {
            close(fd);
        }
        return error_set(error, STATUS_ENVIRONMENT, "cannot read %s: %s", path, strerror(cause));
    }
    if (!S_ISREG(facts.st_mode) || facts.st_size > FILE_BYTES_MAX) {
        close(fd);
        return error_set(error, STATUS_ENVIRONMENT, "cannot read %s: not a file of at most 1 GiB",
                         path);
    }
    int result = 0;
    char block[65536];
    for (;;) {
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            result =
                error_set(error, STATUS_ENVIRONMENT, "cannot read %s: %s", path, strerror(errno));
        }
        if (n <= 0) {
            break;
        }
        str_add_bytes(out, block, (size_t)n);
    }
    close(fd);
    return result;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int file_make_folder(const char *path, struct error *error)
{
    struct str part = STR_EMPTY;
    int result = 0;
    for (const char *end = path; result == 0 && *end != '\0';) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        str_clear(&part);
        str_add_bytes(&part, path, (size_t)(end - path));
        struct stat facts;
        if (mkdir(str_text(&part), 0755) != 0 &&
            (errno != EEXIST || stat(str_text(&part), &facts) != 0 || !S_ISDIR(facts.st_mode))) {
            int cause = errno == EEXIST ? ENOTDIR : errno;
            result = error_set(error, STATUS_ENVIRONMENT, "cannot create the folder %s: %s",
                               str_text(&part), strerror(cause));
        }
    }
    str_release(&part);
    return result;
}

int file_check_writable(const char *folder, struct error *error)
{
    if (file_make_folder(folder, error) != 0) {
        return -1;
    }
    struct str probe = STR_EMPTY;
    str_format(&probe, "%s/.writable.%ld", folder, (long)getpid());
    int fd = open(str_text(&probe), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    int failed = fd < 0 || write_all(fd, "assay\n", 6) != 0;
    int cause = errno;
    if (fd >= 0) {
        close(fd);
        unlink(str_text(&probe));
    }
    str_release(&probe);
    if (failed) {
        return error_set(error, STATUS_ENVIRONMENT, "cannot write in the folder %s: %s", folder,
                         strerror(cause));
    }
    return 0;
}

int file_check_target(const char *path, struct error *error)
{
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)) {
        return error_set(error, STATUS_ENVIRONMENT, "cannot write %s: %s", path, strerror(EISDIR));
    }
    if (is_stream(path)) {
        return access(path, W_OK) == 0 ? 0
                                       : error_set(error, STATUS_ENVIRONMENT, "cannot write %s: %s",
                                                   path, strerror(errno));
    }
    struct str folder = STR_EMPTY;
    folder_of(path, &folder);
    int result = file_check_writable(str_text(&folder), error);
    str_release(&folder);
    return result;
}

void file_hold_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1) {
            (void)open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

bool file_first_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    bool read = fgets(line, (int)size, file) != NULL;
    fclose(file);
    if (read) {
        line[strcspn(line, "\n")] = '\0';
    }
    return read;
}
