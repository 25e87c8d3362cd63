/* How a terminal is told to paint. */
#ifndef ASSAY_PRESENT_COLOUR_H
#define ASSAY_PRESENT_COLOUR_H

#define COLOUR_BOLD   "\033[1m"
#define COLOUR_RED    "\033[31m"
#define COLOUR_GREEN  "\033[32m"
#define COLOUR_YELLOW "\033[33m"
#define COLOUR_PLAIN  "\033[0m"

#endif
