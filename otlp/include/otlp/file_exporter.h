/*
 * The exporter that writes to a file: OTLP/JSON, one complete request a line (OpenTelemetry
 * specification, "OTLP File Exporter").
 *
 *     struct otlp_file_options options = {.path = "traces.jsonl"};
 *     struct otlp_exporter *exporter;
 *     int error = otlp_file_exporter_create(&options, &exporter);
 *
 * A request is delivered when the system has taken the whole line; otlp_exporter_flush() waits
 * until it is on the disk. A line that could be written in part only, because the disk is full, is
 * taken back: the file holds whole lines at all times. What failed is OTLP_EXPORT_FAILED with the
 * system's reason, and the next request tries again. Where a file that is there already ends amid a
 * line, as its writer was stopped, that line is ended before the exporter's first one.
 *
 * fork(): an exporter works in the process that made it only. In a child it takes no requests
 * (OTLP_EXPORT_SHUT_DOWN), flush and shutdown have nothing to do (0), and to free it leaves the
 * parent's alone. A child that writes makes one of its own, for a file of its own.
 */
#ifndef OTLP_FILE_EXPORTER_H
#define OTLP_FILE_EXPORTER_H

#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/exporter.h>

#ifdef __cplusplus
extern "C" {
#endif

struct otlp_file_options {
    const char *path; /* copied; made when it is not there, appended to when it is */
    /* A line that would make the file larger than this begins a new one: path becomes path.1,
     * path.1 becomes path.2 and so on. A single line may be larger. 0: the file grows without
     * limit. */
    uint64_t rotate_bytes;
    uint32_t rotated_files; /* how many old ones are kept; 0: 5 */
};

#define OTLP_ROTATED_FILES_MAX 1000

/*
 * Opens the file. The exporter wants OTLP_ENCODING_JSON; a request with a line break in it, which
 * no encoder of this library makes, is OTLP_EXPORT_REFUSED. One exporter at a time writes to a
 * file. Its flush and shutdown wait for the disk, however long that takes. Time-outs of requests do
 * not count.
 *
 * OTLP_EINVAL: no path, or too many files. OTLP_EIO: it cannot be opened; errno tells why.
 * OTLP_ENOMEM.
 */
OTLP_API int otlp_file_exporter_create(const struct otlp_file_options *options,
                                       struct otlp_exporter **exporter);

#ifdef __cplusplus
}
#endif

#endif
