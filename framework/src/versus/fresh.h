/* Fresh copies of executables.
 *
 * Where the pages of a file lie in physical memory is decided when it is read first, and stays: how
 * well its code fits the caches and the TLB is luck that a whole comparison shares. Two copies of
 * one file were seen to differ by 1.2 % in every one of a hundred process pairs. A copy in new
 * memory for each pair turns that into chance that averages out. */
#ifndef ASSAY_VERSUS_FRESH_H
#define ASSAY_VERSUS_FRESH_H

/* A copy of the part of an ELF executable that is loaded (neither symbols nor debugging
 * information), in a new memory file: an open file, close-on-exec, that can be executed; close it.
 * -1 when the file is no 64-bit ELF executable of this machine, or the system does not let memory
 * files be executed. */
int fresh_copy(int program);

#endif
