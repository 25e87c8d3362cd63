/* --doctor: what in this machine makes figures worse, and what to do about it. */
#ifndef ASSAY_APP_DOCTOR_H
#define ASSAY_APP_DOCTOR_H

#include "assay.h"
#include "present/result.h"

/* Prints the checks to standard output. */
void doctor_print(const struct assay_suite *suite, bool colour);

/* Adds those that belong in every result to its warnings. */
void doctor_add_warnings(const struct assay_suite *suite, struct result *result);

#endif
