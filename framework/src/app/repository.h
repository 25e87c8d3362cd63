/* Which version of the sources is measured. */
#ifndef ASSAY_APP_REPOSITORY_H
#define ASSAY_APP_REPOSITORY_H

#include <stdbool.h>

/* The commit of the working folder (12 hex digits, newly allocated), and whether tracked files
 * differ from it; NULL outside of git or without git. */
char *repository_commit(bool *dirty);

#endif
