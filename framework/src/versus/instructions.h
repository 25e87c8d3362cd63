/* `assay instructions`: everything between the command line and the exit status. */
#ifndef ASSAY_VERSUS_INSTRUCTIONS_H
#define ASSAY_VERSUS_INSTRUCTIONS_H

/* argv[0] is "instructions". Prints its own errors; returns the exit status. */
int instructions_command(int argc, char *const argv[]);

#endif
