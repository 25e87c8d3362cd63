/* Where the documents of a run go: results/<UTC time>-<commit>. */
#ifndef ASSAY_APP_RESULTS_FOLDER_H
#define ASSAY_APP_RESULTS_FOLDER_H

/* A folder that has no `document` ("name.json") yet: started_utc as in "2026-01-31T12:00:00Z" gives
 * results/20260131T120000Z-<commit>, or -2, -3 ... after it. commit NULL: "nogit". The caller frees
 * it. Nothing is made. */
char *results_folder_choose(const char *started_utc, const char *commit, const char *document);

/* Points results/latest at the folder, in one step. A file system without links is no error. */
void results_folder_mark_latest(const char *folder);

#endif
