/* Decides whether everything that a benchmark can reach is the same in two executables, so that it
 * need not be measured again.
 *
 * Followed are, from the benchmark's function: calls, jumps, addresses that code takes, pointers in
 * data, jump tables, constants and string literals; besides, what the benchmark was registered with
 * (but for its line and text), every constructor of the program but those that register benchmarks,
 * and what libraries may call in it. Both sides are walked in step: instructions and constants must
 * be the same bytes but for addresses, and addresses must lead to what was paired before or is
 * paired now. Where things stand in memory does not count: another link of the same objects is the
 * same. Symbols from libraries must have the same name and version, and the programs must need the
 * same libraries, whose own bytes are not looked at: both programs get the same files, as nothing
 * is called the same of programs with search paths of their own (DT_RPATH, DT_RUNPATH) or of
 * benchmarks that reach a function which loads libraries or tells where the executable is.
 *
 * The executables must be position-independent, for x86-64, with their symbols, and linked with
 * --emit-relocs. What cannot be followed is never called the same. One thing is taken for granted:
 * that compilers do not address an object from before its start without naming another one. */
#ifndef ASSAY_VERSUS_CLOSURE_H
#define ASSAY_VERSUS_CLOSURE_H

#include "base/error.h"
#include "base/str.h"

enum closure_answer {
    CLOSURE_CANNOT_TELL = 0,
    CLOSURE_SAME,
    CLOSURE_DIFFERENT,
};

/* An executable that was read. */
struct closure_file;

/* Reads an executable. 0 and *out, which closure_close() frees; -1 with STATUS_ENVIRONMENT when the
 * file cannot be read, is no ELF file or is cut short, with *out untouched. An executable that
 * cannot be followed opens; every question about it is answered by CLOSURE_CANNOT_TELL. */
int closure_open(const char *path, struct closure_file **out, struct error *error);
void closure_close(struct closure_file *file);

/* Compares what is reached from `root`, the symbol of a benchmark's function
 * ("assay__run_<identifier>"). When the answer is not CLOSURE_SAME, `why` gets the first difference
 * or what could not be followed, as a part of a sentence without its full stop ("function crc32
 * differs"); it is emptied first. Does not change the files: threads may ask at the same time. */
enum closure_answer closure_same(const struct closure_file *old_file,
                                 const struct closure_file *new_file, const char *root,
                                 struct str *why);

#endif
