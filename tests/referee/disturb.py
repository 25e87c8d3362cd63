"""Work that gets in the way of a measurement, in processes of its own.

    disturb.py spinner|writer|forks CPU SEED

Ends when its parent does.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SPIN_MEAN_S = 0.004
WRITER_BYTES = 16 * 1024 * 1024
START_S = 0.3


def spin(rng: random.Random) -> None:
    """Half of the time, in turns of random length."""
    length_s = rng.uniform(0.5, 1.5) * SPIN_MEAN_S
    end = time.perf_counter() + length_s
    while time.perf_counter() < end:
        pass
    time.sleep(length_s)


def make_writer() -> Callable[[random.Random], None]:
    buffers = (bytes(WRITER_BYTES), bytes([1]) * WRITER_BYTES)
    target = bytearray(WRITER_BYTES)

    def write(rng: random.Random) -> None:
        target[:] = buffers[rng.randrange(2)]

    return write


def fork(rng: random.Random) -> None:
    """Some short processes at once, each another program."""
    children = [os.posix_spawn("/bin/true", ["true"], os.environ) for _ in range(rng.randint(1, 4))]
    for child in children:
        os.waitpid(child, 0)


def main() -> int:
    kind, cpu, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    parent = os.getppid()
    rng = random.Random(seed)
    if cpu >= 0:
        os.sched_setaffinity(0, {cpu})
    turn = {"spinner": spin, "writer": make_writer(), "forks": fork}[kind]
    while os.getppid() == parent:
        turn(rng)
    return 0


@contextmanager
def disturbing(kind: str | None, cpu: int, seed: int) -> Iterator[None]:
    """`cpu` is where the measurement runs: the spinner shares it, the writer takes another."""
    if kind is None:
        yield
        return
    others = sorted(os.sched_getaffinity(0) - {cpu})
    where = {"spinner": cpu, "writer": others[0] if others else cpu, "forks": -1}[kind]
    command = [sys.executable, __file__, kind, str(where), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            time.sleep(START_S)
            if process.poll() is not None:
                raise RuntimeError(f"the disturber '{kind}' ended at once")
            yield
        finally:
            process.kill()


if __name__ == "__main__":
    sys.exit(main())
