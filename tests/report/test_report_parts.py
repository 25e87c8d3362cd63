"""The parts of the report that can be wrong in ways that a page does not show."""

from __future__ import annotations

import copy
import json
import math
import random
import string
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import make_results

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "reports"))

from assay_report import growth, latency, plots, scale, schema, units  # noqa: E402
from assay_report.model import Curve  # noqa: E402

SCHEMA = json.loads((ROOT / "docs" / "result.schema.json").read_text(encoding="utf-8"))
THIN = "\u202f"

Json = dict[str, Any]


@pytest.mark.parametrize(
    "ns, expected",
    [
        (0.0, "0 ns"),
        (0.3125, "0.3125 ns"),
        (1.0, "1.000 ns"),
        (46.2134, "46.21 ns"),
        (9.99996, "10.00 ns"),
        (999.94, "999.9 ns"),
        (999.96, "1.000 µs"),
        (1234567.0, "1.235 ms"),
        (2.5e9, "2.500 s"),
        (7.2e12, "7 200 s"),
        (-5.0, "−5.000 ns"),
    ],
)
def test_times_have_four_digits_and_a_fitting_unit(ns: float, expected: str) -> None:
    assert units.time_text(ns).replace(THIN, " ") == expected


@pytest.mark.parametrize(
    "point, lower, upper, expected",
    [
        (46.2134, 46.2001, 46.2309, ("46.21", "46.20", "46.23")),
        (46.2134, 46.21338, 46.21343, ("46.21340", "46.21338", "46.21343")),
        (46.2134, 46.2134, 46.2134, ("46.21", "46.21", "46.21")),
        (100.0, 50.0, 200.0, ("100.0", "50.0", "200.0")),
    ],
)
def test_intervals_have_digits_that_tell_the_bounds_apart(
    point: float, lower: float, upper: float, expected: tuple[str, str, str]
) -> None:
    text = units.interval_text(point, lower, upper, units.TimeUnit("ns", 1.0))
    assert (text.point, text.lower, text.upper) == expected


@pytest.mark.parametrize(
    "kind, amount, ns, expected",
    [
        ("bytes", 4096, 1000.0, "4.096 GB/s"),
        ("bytes", 1, 1e9, "1.000 B/s"),
        ("elements", 1, 46.2134, "21.64 M elements/s"),
        ("elements", 1, 2e9, "0.5000 elements/s"),
        ("elements", 1, 0.0, ""),
    ],
)
def test_throughput(kind: str, amount: int, ns: float, expected: str) -> None:
    assert units.throughput_text(kind, amount, ns).replace(THIN, " ") == expected


@pytest.mark.parametrize(
    "share, expected",
    [
        (0.052, "+5.2 %"),
        (-0.0084, "−0.84 %"),
        (0.108, "+10.8 %"),
        (1.5, "+150 %"),
        (0.0, "0.0 %"),
        (-0.0000001, "0.000 %"),
    ],
)
def test_changes_have_a_sign(share: float, expected: str) -> None:
    assert units.signed_percent(share).replace(THIN, " ") == expected


@pytest.mark.parametrize(
    "word, expected",
    [
        ("64KiB", 65536.0),
        ("1MiB", 1048576.0),
        ("1.5 MB", 1.5e6),
        ("2kB", 2000.0),
        ("12", 12.0),
        ("KiB", None),
        ("12\n", None),
        ("zstd_1", None),
        ("1e5", None),
        ("4Ki", None),
        ("\u0664\u0662", None),
    ],
)
def test_sizes_in_words_are_numbers(word: str, expected: float | None) -> None:
    assert units.size_of(word) == expected


def test_page_names_are_safe_short_and_tell_names_apart() -> None:
    names = ["a/b", "a.b", "a-b", "A/B", "a/b/", "../a", "", "x" * 300, "x" * 301, "é", "è"]
    slugs = [units.slug(name, f"digest{index}") for index, name in enumerate(names)]
    assert slugs[0] == "a.b"
    assert units.slug("s/b/threads:4", "x") == "s.b.threads-4"
    assert len(set(slugs)) == len(slugs)
    assert all(len(slug) <= 100 and set(slug) <= set(string.ascii_letters + string.digits + "._-")
               for slug in slugs)  # fmt: skip


@pytest.mark.parametrize("low, high", [(0, 1), (-3, 7.5), (46.2, 46.3), (1e-9, 2e-9), (0, 9.7e8)])
def test_ticks_are_round_evenly_spaced_and_inside(low: float, high: float) -> None:
    ticks = scale.linear_ticks(scale.Range(low, high))
    assert 3 <= len(ticks) <= 9
    steps = [b.at - a.at for a, b in zip(ticks, ticks[1:])]
    assert max(steps) - min(steps) < 1e-6 * max(steps)
    assert all(low - 1e-12 <= tick.at <= high + 1e-12 for tick in ticks)
    assert len({tick.label for tick in ticks}) == len(ticks)
    for tick in ticks:
        plain = tick.label.replace(THIN, "").replace("−", "-")
        assert float(plain) == pytest.approx(tick.at, abs=1e-6 * (high - low))


@pytest.mark.parametrize("low, high", [(1, 2), (0.4, 30), (10, 1e7), (3e-9, 4e8)])
def test_log_axes_have_a_few_ticks(low: float, high: float) -> None:
    span = scale.log_range(low, high)
    values = scale.log_values(span)
    assert 3 <= len(values) <= 8
    assert all(span.holds(value) for value in values)


def test_far_samples_do_not_press_the_rest_into_a_line() -> None:
    times = [100 + place % 10 for place in range(99)] + [1e6]
    view = plots.core_range(times)
    assert view.low < 100 and 109 < view.high < 200


def test_curves_are_cut_to_the_view_and_thinned_but_keep_their_ends() -> None:
    curve = Curve(0.0, 1.0, [float(place) for place in range(1001)])
    points = plots.curve_points(curve, 1.0, scale.Range(100.0, 900.0), 50)
    assert points[0] == (100.0, 100.0) and points[-1] == (900.0, 900.0)
    assert 45 <= len(points) <= 52
    assert all(x == pytest.approx(y) for x, y in points)


# ---- The validator, against an independent one --------------------------------------------------


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all values in a document."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += places(item, (*path, index))
    return found


def test_histogram_holds_the_values() -> None:
    """Rebuilt from a document: every value lies within half a bucket of where it was."""
    data = make_results.Maker(5).latencies(5000, 300.0)
    histogram = latency.Histogram.of(data)
    assert histogram is not None and histogram.count == 5000
    assert histogram.longest_ns == data["max"] and histogram.steps[0].ns == data["min"]
    for key, share in latency.QUANTILES:
        rank = -(-share * 5000 // 1)
        step = next(step for step in histogram.steps if step.below + step.count >= rank)
        assert step.below < rank
        assert step.ns == pytest.approx(data[key], rel=0.0005)
    assert latency.Histogram.of(None) is None
    assert latency.Histogram.of({"count": 3}) is None, "an older document"


@pytest.mark.parametrize("longest", [10, 99, 100, 5000, 10**6, 3 * 10**9, 10**15])
def test_percentile_ticks_do_not_collide(longest: int) -> None:
    ticks = latency.percentile_ticks(longest)
    assert ticks[0].label == "0" and 2 <= len(ticks) <= 12
    for tick in ticks[1:]:
        assert float(tick.label) == pytest.approx(100 * (1 - 1 / tick.at), abs=1e-12)
        assert tick.at <= longest
    places = [math.log(tick.at) / math.log(longest) * 392 for tick in ticks]
    for index in range(1, len(ticks)):
        letters = (len(ticks[index].label) + len(ticks[index - 1].label)) / 2
        assert places[index] - places[index - 1] > 8 * letters


@pytest.mark.parametrize("curve, expected", [("1", 3), ("log n", 30), ("n^2", 3 * 1024**2)])
def test_growth_curves(curve: str, expected: float) -> None:
    points = growth.Family("f", frozenset(), curve, 3.0).points(2.0, 1024.0)
    assert points[0][0] == 2.0 and points[-1][0] == pytest.approx(1024.0)
    assert points[-1][1] == pytest.approx(expected)
    assert {name for name in growth.CURVES} == {"1", "log n", "n", "n log n", "n^2", "n^3"}
    inside = growth.visible_part(points, 3.0, scale.Range(0.5, 2.0))
    assert all(0.5 <= y <= 2.0 for _, y in inside)


def parent_of(document: Json, path: tuple[str | int, ...]) -> Any:
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    return place


def small_document() -> Json:
    """A document with every optional part and short lists, so that every rule is near."""
    make = make_results.Maker(1)
    items = [item for item in make_results.alone(make, "s")]
    items += [item for item in make_results.swept(make, "s") if item["latency_ns"]][:2]
    document = make_results.document("s", items, 0)
    document["complexity"] = [
        make_results.family("s", "attributes", [5, 10, 50, 100], "n"),
        make_results.TOO_FEW | {"ids": ["s/strategy/hybrid"]},
    ]

    def shorten(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: item if key == "fences_ns" else shorten(item) for key, item in value.items()
            }
        if isinstance(value, list):
            return [
                shorten(item)
                for item in (value if value and isinstance(value[0], dict) else value[:3])
            ]
        return value

    short: Json = shorten(document)
    return short


def drop(owner: Any, key: str | int, chance: random.Random) -> None:
    del owner[key]


def replace(owner: Any, key: str | int, chance: random.Random) -> None:
    owner[key] = chance.choice(
        [None, True, -1, 0, 1.5, 2.0, "text", "", [], {}, [1], 10**18, -0.5]
    )


@pytest.mark.parametrize("change", [drop, replace])
def test_validator_agrees_with_an_independent_one(
    change: Callable[[Any, str | int, random.Random], None]
) -> None:
    chance = random.Random(11)
    document = small_document()
    ours = schema.Validator(SCHEMA)
    theirs = jsonschema.Draft202012Validator(SCHEMA)
    ours.check(document)
    assert theirs.is_valid(document)
    refused = 0
    paths = places(document)
    for path in chance.sample(paths, min(len(paths), 400)):
        mutant = copy.deepcopy(document)
        change(parent_of(mutant, path), path[-1], chance)
        try:
            ours.check(mutant)
            accepted = True
        except schema.Mismatch:
            accepted = False
        assert accepted == theirs.is_valid(mutant), f"{path}: ours says {accepted}"
        refused += not accepted
    assert refused > 50


def test_validator_knows_every_rule_of_the_schema() -> None:
    known = {
        "$schema", "$defs", "$ref", "title", "description", "type", "const", "enum", "required",
        "properties", "additionalProperties", "items", "oneOf", "minimum", "maximum",
        "exclusiveMinimum", "minItems", "maxItems", "pattern",
    }  # fmt: skip

    def visit(rule: Any) -> None:
        if not isinstance(rule, dict):
            return
        assert set(rule) <= known, set(rule) - known
        for key in ("properties", "$defs"):
            for item in rule.get(key, {}).values():
                visit(item)
        for item in rule.get("oneOf", []):
            visit(item)
        visit(rule.get("items"))
        visit(rule.get("additionalProperties"))

    visit(SCHEMA)


def test_later_keys_are_let_through() -> None:
    document = small_document() | {"added_later": 1}
    schema.Validator(SCHEMA).check(document)
