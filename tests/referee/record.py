"""Makes tests/referee/traces.bin, which tests/unit/test_replay.c judges again in every test run.

The form is that of `assay compare --trace` (framework/src/versus/trace.h), cut: the first pairs of
each benchmark and the first slices of each pair, so that the file stays small.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MAGIC = b"assaytr1"
BENCHMARK, PAIR = 1, 2
PAIR_HEAD = struct.Struct("<IiIIQ")  # number, order, confirming, slices a side, iterations
PAIRS = 78
SLICES = 48


@dataclass
class Traced:
    """One benchmark; a pair is (order, iterations, times of old and new)."""

    id: str
    pairs: list[tuple[int, int, tuple[float, ...], tuple[float, ...]]] = field(default_factory=list)


def read_trace(data: bytes) -> list[Traced]:
    if not data.startswith(MAGIC):
        raise ValueError("not a trace")
    found: dict[int, Traced] = {}
    at = len(MAGIC)
    while at < len(data):
        (tag,) = struct.unpack_from("<I", data, at)
        at += 4
        if tag == BENCHMARK:
            number, length = struct.unpack_from("<II", data, at)
            at += 8
            found[number] = Traced(data[at : at + length].decode())
            at += length
        elif tag == PAIR:
            number, order, _, slices, iterations = PAIR_HEAD.unpack_from(data, at)
            at += PAIR_HEAD.size
            times = struct.unpack_from(f"<{2 * slices}f", data, at)
            at += 8 * slices
            found[number].pairs.append((order, iterations, times[:slices], times[slices:]))
        else:
            raise ValueError(f"a record with tag {tag}")
    return list(found.values())


def pieces(traced: list[Traced]) -> Iterator[bytes]:
    yield MAGIC
    for number, benchmark in enumerate(sorted(traced, key=lambda t: t.id)):
        name = benchmark.id.encode()
        yield struct.pack("<III", BENCHMARK, number, len(name)) + name
        for order, iterations, old, new in benchmark.pairs[:PAIRS]:
            slices = min(SLICES, len(old))
            yield struct.pack("<I", PAIR) + PAIR_HEAD.pack(number, order, 0, slices, iterations)
            yield struct.pack(f"<{2 * slices}f", *old[:slices], *new[:slices])


def cut(data: bytes) -> bytes:
    """The trace, cut down; ValueError when it has too few pairs."""
    traced = read_trace(data)
    for benchmark in traced:
        if len(benchmark.pairs) < PAIRS:
            raise ValueError(f"{benchmark.id} has {len(benchmark.pairs)} pairs of {PAIRS}")
    return b"".join(pieces(traced))


def store(trace: Path, target: Path) -> None:
    target.write_bytes(cut(trace.read_bytes()))
