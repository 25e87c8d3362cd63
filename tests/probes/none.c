/* A program that has forgotten its benchmarks. */
#include <assay.h>

int main(int argc, char **argv)
{
    return assay_main(argc, argv);
}
