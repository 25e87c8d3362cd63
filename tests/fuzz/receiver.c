/* The receiver's request path under libFuzzer. */
#include "targets.h"

#include "receiver_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_receiver(data, len);
    return 0;
}
