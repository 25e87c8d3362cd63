#include <otlp/file_exporter.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fork_count.h"

struct file_exporter {
    struct otlp_exporter exporter; /* first: it is what callers hold */
    unsigned fork_count;           /* of the process that writes */
    pthread_mutex_t lock;
    char *path;
    uint64_t rotate_bytes; /* 0: never */
    uint32_t rotated_files;
    int fd;          /* -1: not open */
    bool is_regular; /* its length can be set back */
    bool is_torn;    /* its last line has no end */
    bool is_shut_down;
    uint64_t file_bytes;
};

static struct file_exporter *file_exporter_of(struct otlp_exporter *exporter)
{
    return (struct file_exporter *)(void *)exporter;
}

/* Whether this is a child of the process that made it: the lock may have been copied locked, and
 * the length of the file is out of date as soon as the parent writes. */
static bool is_forked(const struct file_exporter *file)
{
    return file->fork_count != otlp__fork_count();
}

/* Whether the last byte is there, can be read, and ends no line. */
static bool ends_amid_a_line(const struct file_exporter *file)
{
    char last = '\n';
    int fd = file->is_regular && file->file_bytes > 0 ? open(file->path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return false;
    }
    bool is_read = pread(fd, &last, 1, (off_t)file->file_bytes - 1) == 1;
    close(fd);
    return is_read && last != '\n';
}

/* 0 or an errno. */
static int open_file(struct file_exporter *file)
{
    struct stat status;
    file->fd = open(file->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file->fd < 0) {
        return errno;
    }
    if (fstat(file->fd, &status) != 0) {
        int error = errno;
        close(file->fd);
        file->fd = -1;
        return error;
    }
    file->is_regular = S_ISREG(status.st_mode);
    file->file_bytes = file->is_regular ? (uint64_t)status.st_size : 0;
    file->is_torn = ends_amid_a_line(file);
    return 0;
}

/* Pipes and terminals cannot be synchronised, and need not be. */
static int synchronise(const struct file_exporter *file)
{
    return file->fd >= 0 && file->is_regular && fsync(file->fd) != 0 ? errno : 0;
}

static int close_file(struct file_exporter *file)
{
    int error = synchronise(file);
    int fd = file->fd;
    file->fd = -1; /* first: a child does not close what is another's by then */
    if (fd >= 0 && close(fd) != 0 && error == 0) {
        error = errno;
    }
    return error;
}

/* path.N-1 becomes path.N and so on, path becomes path.1. A missing one leaves a gap. */
static int shift_files(const struct file_exporter *file)
{
    size_t room = strlen(file->path) + 16;
    char *from = malloc(room);
    char *to = malloc(room);
    int error = from == NULL || to == NULL ? ENOMEM : 0;
    for (uint32_t i = file->rotated_files; i > 0 && error == 0; i--) {
        snprintf(to, room, "%s.%u", file->path, i);
        snprintf(from, room, i > 1 ? "%s.%u" : "%s", file->path, i - 1);
        if (rename(from, to) != 0 && errno != ENOENT) {
            error = errno;
        }
    }
    free(from);
    free(to);
    return error;
}

/* Keeps a line apart from one that a writer before could not finish; 0 or an errno. */
static int end_torn_line(struct file_exporter *file)
{
    ssize_t written = -1;
    do {
        written = write(file->fd, "\n", 1);
    } while (written < 0 && errno == EINTR);
    if (written != 1) {
        return written < 0 ? errno : EIO;
    }
    file->is_torn = false;
    file->file_bytes++;
    return 0;
}

/* Makes the file ready for a line; 0 or an errno. */
static int make_ready(struct file_exporter *file, size_t line_bytes)
{
    bool is_full = file->rotate_bytes > 0 && file->is_regular && file->file_bytes > 0 &&
                   file->file_bytes + line_bytes > file->rotate_bytes;
    if (file->fd >= 0 && is_full) {
        int error = close_file(file);
        if (error == 0) {
            error = shift_files(file);
        }
        if (error != 0) {
            return error;
        }
    }
    int error = file->fd < 0 ? open_file(file) : 0;
    return error == 0 && file->is_torn ? end_torn_line(file) : error;
}

/* Writes all of a line or, as far as that can be done, nothing; 0 or an errno. */
static int write_line(struct file_exporter *file, const uint8_t *data, size_t data_len)
{
    static char line_end[] = "\n";
    struct iovec parts[2] = {{.iov_base = (void *)(uintptr_t)data, .iov_len = data_len},
                             {.iov_base = line_end, .iov_len = 1}};
    struct iovec *at = parts;
    struct iovec *end = parts + 2;
    while (at < end) {
        ssize_t written = writev(file->fd, at, (int)(end - at));
        if (written < 0) {
            int error = errno;
            if (error == EINTR) {
                continue;
            }
            if (file->is_regular && ftruncate(file->fd, (off_t)file->file_bytes) != 0) {
                return errno;
            }
            return error;
        }
        size_t left = (size_t)written;
        while (at < end && left >= at->iov_len) {
            left -= at->iov_len;
            at++;
        }
        if (at < end) {
            at->iov_base = (char *)at->iov_base + left;
            at->iov_len -= left;
        }
    }
    file->file_bytes += data_len + 1;
    return 0;
}

static enum otlp_export_outcome end(struct otlp_export_result *result,
                                    enum otlp_export_outcome outcome, const char *text)
{
    result->outcome = outcome;
    snprintf(result->message, sizeof result->message, "%s", text);
    return outcome;
}

static enum otlp_export_outcome file_send(struct otlp_exporter *exporter,
                                          const struct otlp_export *request,
                                          struct otlp_export_result *result)
{
    struct file_exporter *file = file_exporter_of(exporter);
    *result = (struct otlp_export_result){.status = -1};
    if (is_forked(file)) {
        return end(result, OTLP_EXPORT_SHUT_DOWN, "forked: the exporter is the parent's");
    }
    if (request->data_len > 0 && memchr(request->data, '\n', request->data_len) != NULL) {
        return end(result, OTLP_EXPORT_REFUSED, "the request has a line break in it");
    }
    pthread_mutex_lock(&file->lock);
    if (file->is_shut_down) {
        pthread_mutex_unlock(&file->lock);
        return end(result, OTLP_EXPORT_SHUT_DOWN, "shut down");
    }
    int error = make_ready(file, request->data_len + 1);
    if (error == 0) {
        result->attempts = 1;
        error = write_line(file, request->data, request->data_len);
    }
    pthread_mutex_unlock(&file->lock);
    if (error != 0) {
        char reason[128];
        return end(result, OTLP_EXPORT_FAILED, strerror_r(error, reason, sizeof reason));
    }
    return OTLP_EXPORT_DELIVERED;
}

static int file_flush(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    struct file_exporter *file = file_exporter_of(exporter);
    (void)timeout_ns;
    if (is_forked(file)) {
        return 0;
    }
    pthread_mutex_lock(&file->lock);
    int error = synchronise(file);
    pthread_mutex_unlock(&file->lock);
    return error == 0 ? 0 : OTLP_EIO;
}

static int file_shutdown(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    struct file_exporter *file = file_exporter_of(exporter);
    (void)timeout_ns;
    if (is_forked(file)) {
        return 0;
    }
    pthread_mutex_lock(&file->lock);
    file->is_shut_down = true;
    int error = close_file(file);
    pthread_mutex_unlock(&file->lock);
    return error == 0 ? 0 : OTLP_EIO;
}

static void file_free(struct otlp_exporter *exporter)
{
    struct file_exporter *file = file_exporter_of(exporter);
    if (!is_forked(file)) {
        close_file(file);
        pthread_mutex_destroy(&file->lock);
    } else if (file->fd >= 0) {
        close(file->fd);
    }
    free(file->path);
    free(file);
}

static const struct otlp_exporter_ops file_ops = {
    .send = file_send, .flush = file_flush, .shutdown = file_shutdown, .free = file_free};

int otlp_file_exporter_create(const struct otlp_file_options *options,
                              struct otlp_exporter **exporter)
{
    if (options->path == NULL || options->rotated_files > OTLP_ROTATED_FILES_MAX) {
        return OTLP_EINVAL;
    }
    struct file_exporter *file = otlp__fork_watch() == 0 ? calloc(1, sizeof *file) : NULL;
    if (file == NULL) {
        return OTLP_ENOMEM;
    }
    file->fork_count = otlp__fork_count();
    file->exporter = (struct otlp_exporter){.ops = &file_ops, .encoding = OTLP_ENCODING_JSON};
    file->rotate_bytes = options->rotate_bytes;
    file->rotated_files = options->rotated_files == 0 ? 5 : options->rotated_files;
    file->path = strdup(options->path);
    if (file->path == NULL || pthread_mutex_init(&file->lock, NULL) != 0) {
        free(file->path);
        free(file);
        return OTLP_ENOMEM;
    }
    int error = open_file(file);
    if (error != 0) {
        file_free(&file->exporter);
        errno = error;
        return OTLP_EIO;
    }
    *exporter = &file->exporter;
    return 0;
}
