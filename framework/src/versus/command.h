/* `assay compare OLD NEW`: everything between the command line and the exit status. */
#ifndef ASSAY_VERSUS_COMMAND_H
#define ASSAY_VERSUS_COMMAND_H

/* argv[0] is "compare". Prints its own errors; returns the exit status. */
int compare_command(int argc, char *const argv[]);

#endif
