"""Quantities besides time for the made-up results."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def figures(state: str, value: float | None, spread: float, reason: str | None = None) -> Json:
    bounds = (None, None) if value is None else (value - spread, value + spread)
    return {
        "state": state, "value": value, "lower": bounds[0], "upper": bounds[1],
        "scale": None if value is None else 0.37 if state == "scaled" else 1, "reason": reason,
    }  # fmt: skip


def count_things(item: Json, allocations: float) -> None:
    """Metrics of every state, and a comparison in which one more allocation passes its gate."""
    names = {
        ("allocator", "allocations", None): figures("measured", allocations, allocations % 1 / 5),
        ("allocator", "allocated_bytes", "B"): figures("measured", allocations * 70000, 0),
        ("process", "peak_rss_bytes", "B"): figures("measured", 7.5e6, 0, "of all threads"),
        ("perf", "cycles", None): figures("scaled", 41234.5, 800),
        ("valgrind", "instructions", None): figures(
            "unavailable", None, 0, "valgrind is not installed"
        ),
    }
    titles = [dict(zip(("source", "name", "unit"), key)) for key in names]
    item["metrics"] = [title | side for title, side in zip(titles, names.values())]
    item["metric_comparison"] = {"baseline": "main", "pairs": []}
    for title, side in zip(titles, names.values()):
        counted = title["name"] == "allocations" and side["value"]
        known = side["value"] is not None
        old = figures("measured", side["value"] - 1, 0) if counted else side
        item["metric_comparison"]["pairs"].append(
            title | {
                "old": old,
                "new": side,
                "change": "more" if counted else "same" if known else "unknown",
                "tolerance": 0 if title["source"] == "allocator" else None,
                "failed": bool(counted),
            }
        )  # fmt: skip
