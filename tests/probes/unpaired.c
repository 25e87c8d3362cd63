/* Threads that wait for each other and do not say so: nobody ever gives what the second waits for.
 */
#include <assay.h>

#include <unistd.h>

ASSAY_SUITE("unpaired");

ASSAY_BENCH(waits, .threads = {2})
{
    ASSAY_LOOP(b) {
        if (assay_thread_index(b) == 1) {
            pause();
        }
    }
}
