/* Assertions on numbers that are computed in another order, or drawn. Include after cmocka.h. */
#ifndef TESTS_NEAR_H
#define TESTS_NEAR_H

#include <math.h>
#include <stdio.h>

static inline void check_near(double actual, double expected, double relative, double absolute,
                              const char *what, const char *file, int line)
{
    double limit = fmax(fabs(expected) * relative, absolute);
    if (!(fabs(actual - expected) <= limit)) {
        print_error("%s:%d: %s is %.17g, expected %.17g within %g\n", file, line, what, actual,
                    expected, limit);
        _fail(file, line);
    }
}

/* |actual - expected| <= relative * |expected|. A NaN fails. */
#define assert_near(actual, expected, relative)                                                    \
    check_near(actual, expected, relative, 0, #actual, __FILE__, __LINE__)
/* |actual - expected| <= absolute. */
#define assert_within(actual, expected, absolute)                                                  \
    check_near(actual, expected, 0, absolute, #actual, __FILE__, __LINE__)

#endif
