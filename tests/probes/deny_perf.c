/* Runs a program to which the kernel refuses perf_event_open, as a container's seccomp filter does.
 *
 *   deny_perf ERRNO PROGRAM [ARGUMENT]... */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int deny(unsigned number)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (number & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return -1;
    }
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long number = argc < 3 ? 0 : strtoul(argv[1], &end, 10);
    if (number == 0 || number > 4095 || *end != '\0') {
        fprintf(stderr, "usage: deny_perf ERRNO PROGRAM [ARGUMENT]...\n");
        return 2;
    }
    if (deny((unsigned)number) != 0) {
        fprintf(stderr, "deny_perf: no filter: %s\n", strerror(errno));
        return 77;
    }
    execv(argv[2], argv + 2);
    fprintf(stderr, "deny_perf: %s: %s\n", argv[2], strerror(errno));
    return 127;
}
