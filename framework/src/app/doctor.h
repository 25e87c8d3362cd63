/* --doctor: what in this machine makes figures worse, what to do about it, and how steady it is. */
#ifndef ASSAY_APP_DOCTOR_H
#define ASSAY_APP_DOCTOR_H

#include "app/steadiness.h"
#include "measure/environment.h"
#include "present/progress.h"
#include "present/result.h"

#include "assay.h"

/* The site of a suite on this machine; pin_cpu -1: not pinned. */
struct environment_site doctor_site(const struct assay_suite *suite, int64_t pin_cpu);

/* Prints the checks to standard output, and for each what to do. */
void doctor_print_checks(const struct environment_site *site, bool colour);
/* Prints the machine and the compiler, then the checks. */
void doctor_print(const struct assay_suite *suite, int64_t pin_cpu, bool colour);

/* Observes this machine for so long, on the pinned CPU or wherever the kernel puts this process,
 * and prints the grade. false when SIGINT, SIGTERM or SIGHUP came; needs children_init(). */
bool doctor_print_stability(double seconds, struct progress *progress);

/* Adds those checks that belong in every result to its warnings. */
void doctor_add_warnings(const struct environment_site *site, struct result *result);

#endif
