/* The file exporter: whole lines, whatever happens. */
#include "exporting.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <otlp/file_exporter.h>

struct folder {
    char name[64];
    char path[96];
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    *state = folder;
    snprintf(folder->name, sizeof folder->name, "/tmp/otlp-file-XXXXXX");
    if (mkdtemp(folder->name) == NULL) {
        return -1;
    }
    snprintf(folder->path, sizeof folder->path, "%s/out.jsonl", folder->name);
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    char path[128];
    remove(folder->path);
    for (int i = 1; i < 10; i++) {
        snprintf(path, sizeof path, "%s.%d", folder->path, i);
        remove(path);
    }
    assert_int_equal(rmdir(folder->name), 0);
    free(folder);
    return 0;
}

static struct otlp_exporter *open_exporter(const struct otlp_file_options *options)
{
    struct otlp_exporter *exporter = NULL;
    assert_int_equal(otlp_file_exporter_create(options, &exporter), 0);
    assert_int_equal(exporter->encoding, OTLP_ENCODING_JSON);
    return exporter;
}

static void assert_content(const char *path, const char *wanted)
{
    char content[4096];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t len = fread(content, 1, sizeof content - 1, file);
    content[len] = '\0';
    fclose(file);
    assert_string_equal(content, wanted);
}

static void a_request_is_a_line(void **state)
{
    struct folder *folder = *state;
    struct otlp_file_options options = {.path = folder->path};
    struct otlp_exporter *exporter = open_exporter(&options);
    struct otlp_export_result result = send_text(exporter, "{\"a\":1}");
    assert_outcome(result, OTLP_EXPORT_DELIVERED);
    assert_int_equal(result.attempts, 1);
    assert_int_equal(otlp_exporter_flush(exporter, 0), 0);
    assert_content(folder->path, "{\"a\":1}\n");
    stop_exporter(exporter);
    exporter = open_exporter(&options);
    assert_outcome(send_text(exporter, "{}"), OTLP_EXPORT_DELIVERED);
    assert_outcome(send_text(exporter, "{\n}"), OTLP_EXPORT_REFUSED);
    stop_exporter(exporter);
    assert_content(folder->path, "{\"a\":1}\n{}\n");
}

static void nothing_is_written_after_shutdown(void **state)
{
    struct folder *folder = *state;
    struct otlp_file_options options = {.path = folder->path};
    struct otlp_exporter *exporter = open_exporter(&options);
    assert_int_equal(otlp_exporter_shutdown(exporter, 0), 0);
    assert_int_equal(otlp_exporter_shutdown(exporter, 0), 0);
    assert_outcome(send_text(exporter, "{}"), OTLP_EXPORT_SHUT_DOWN);
    otlp_exporter_free(exporter);
    assert_content(folder->path, "");
}

static void files_are_rotated_by_size(void **state)
{
    struct folder *folder = *state;
    char path[128];
    struct otlp_file_options options = {
        .path = folder->path, .rotate_bytes = 10, .rotated_files = 2};
    struct otlp_exporter *exporter = open_exporter(&options);
    static const char *const lines[] = {"{1}", "{2}", "{3}", "{a line that is too long}",
                                        "{5}", "{6}"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_outcome(send_text(exporter, lines[i]), OTLP_EXPORT_DELIVERED);
    }
    stop_exporter(exporter);
    assert_content(folder->path, "{5}\n{6}\n");
    snprintf(path, sizeof path, "%s.1", folder->path);
    assert_content(path, "{a line that is too long}\n");
    snprintf(path, sizeof path, "%s.2", folder->path);
    assert_content(path, "{3}\n");
    snprintf(path, sizeof path, "%s.3", folder->path);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct otlp_file_options options = {.path = "/dev/full"};
    struct otlp_exporter *exporter = open_exporter(&options);
    struct otlp_export_result result = send_text(exporter, "{}");
    assert_outcome(result, OTLP_EXPORT_FAILED);
    assert_string_equal(result.message, strerror(ENOSPC));
    stop_exporter(exporter);
}

static void part_of_a_line_is_taken_back(void **state)
{
    struct folder *folder = *state;
    struct otlp_file_options options = {.path = folder->path};
    struct otlp_exporter *exporter = open_exporter(&options);
    struct rlimit before;
    assert_outcome(send_text(exporter, "{\"whole\":1}"), OTLP_EXPORT_DELIVERED);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    struct rlimit limit = {.rlim_cur = 20, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    struct otlp_export_result result = send_text(exporter, "{\"does not fit\":1}");
    setrlimit(RLIMIT_FSIZE, &before);
    assert_outcome(result, OTLP_EXPORT_FAILED);
    assert_string_equal(result.message, strerror(EFBIG));
    assert_content(folder->path, "{\"whole\":1}\n");
    assert_outcome(send_text(exporter, "{\"fits\":1}"), OTLP_EXPORT_DELIVERED);
    stop_exporter(exporter);
    assert_content(folder->path, "{\"whole\":1}\n{\"fits\":1}\n");
}

struct writer {
    pthread_t thread;
    struct otlp_exporter *exporter;
    char letter;
};

static void *write_lines(void *context)
{
    struct writer *writer = context;
    char line[500];
    memset(line, writer->letter, sizeof line);
    for (int i = 0; i < 50; i++) {
        struct otlp_export request = {.data = (uint8_t *)line, .data_len = sizeof line, .items = 1};
        struct otlp_export_result result;
        otlp_exporter_send(writer->exporter, &request, &result);
    }
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    struct folder *folder = *state;
    struct otlp_file_options options = {.path = folder->path};
    struct writer writers[4];
    char line[502];
    size_t count = 0;
    struct otlp_exporter *exporter = open_exporter(&options);
    for (int i = 0; i < 4; i++) {
        writers[i] = (struct writer){.exporter = exporter, .letter = (char)('a' + i)};
        pthread_create(&writers[i].thread, NULL, write_lines, &writers[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(writers[i].thread, NULL);
    }
    stop_exporter(exporter);
    FILE *file = fopen(folder->path, "re");
    while (fgets(line, sizeof line, file) != NULL) {
        assert_int_equal(strlen(line), 501);
        assert_int_equal(strspn(line, (char[]){line[0], '\0'}), 500);
        count++;
    }
    fclose(file);
    assert_int_equal(count, 200);
}

static void what_cannot_be_opened_is_told(void **state)
{
    (void)state;
    struct otlp_exporter *exporter;
    struct otlp_file_options options = {.path = "/nonexistent/out.jsonl"};
    assert_int_equal(otlp_file_exporter_create(&options, &exporter), OTLP_EIO);
    assert_int_equal(errno, ENOENT);
    options = (struct otlp_file_options){0};
    assert_int_equal(otlp_file_exporter_create(&options, &exporter), OTLP_EINVAL);
    options = (struct otlp_file_options){.path = "/tmp", .rotated_files = 1001};
    assert_int_equal(otlp_file_exporter_create(&options, &exporter), OTLP_EINVAL);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

static void write_content(const char *path, const char *content)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static void a_torn_line_is_ended_first(void **state)
{
    struct folder *folder = *state;
    struct otlp_file_options options = {.path = folder->path};
    static const char *const rows[][2] = {{"{\"torn", "{\"torn\n{}\n[]\n"},
                                          {"{\"whole\"}\n", "{\"whole\"}\n{}\n[]\n"},
                                          {"", "{}\n[]\n"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_content(folder->path, rows[i][0]);
        struct otlp_exporter *exporter = open_exporter(&options);
        assert_outcome(send_text(exporter, "{}"), OTLP_EXPORT_DELIVERED);
        assert_outcome(send_text(exporter, "[]"), OTLP_EXPORT_DELIVERED);
        stop_exporter(exporter);
        assert_content(folder->path, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(a_request_is_a_line),          ROW(nothing_is_written_after_shutdown),
        ROW(files_are_rotated_by_size),    cmocka_unit_test(a_full_disk_is_told),
        ROW(part_of_a_line_is_taken_back), ROW(a_torn_line_is_ended_first),
        ROW(lines_of_threads_do_not_mix),  cmocka_unit_test(what_cannot_be_opened_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
