"""Cutting traces, and the bytes of their form."""

import struct

import pytest

import record


def benchmark(number: int, name: str) -> bytes:
    return struct.pack("<III", 1, number, len(name)) + name.encode()


def pair(number: int, order: int, old: list[float], new: list[float]) -> bytes:
    head = struct.pack("<IIiIIQ", 2, number, order, 1, len(old), 3)
    return head + struct.pack(f"<{2 * len(old)}f", *old, *new)


def test_cut_keeps_the_first_pairs_and_slices_in_order_of_ids() -> None:
    times = [float(i) for i in range(100)]
    data = b"assaytr1" + benchmark(0, "z") + benchmark(1, "a")
    for i in range(80):
        data += pair(1, 1, times, times)
        data += pair(0, -1, [t + i for t in times], times)
    traced = record.read_trace(record.cut(data))
    assert [t.id for t in traced] == ["a", "z"]
    assert [len(t.pairs) for t in traced] == [78, 78]
    order, iterations, old, new = traced[1].pairs[7]
    assert (order, iterations) == (-1, 3)
    assert old == tuple(t + 7 for t in times[:48])
    assert new == tuple(times[:48])


def test_cut_wants_enough_pairs() -> None:
    data = b"assaytr1" + benchmark(0, "a") + pair(0, 1, [1.0], [2.0])
    with pytest.raises(ValueError, match="1 pairs of 78"):
        record.cut(data)


def test_read_refuses_what_is_no_trace() -> None:
    with pytest.raises(ValueError, match="not a trace"):
        record.read_trace(b"something")
    with pytest.raises(ValueError, match="tag 9"):
        record.read_trace(b"assaytr1" + struct.pack("<I", 9))
