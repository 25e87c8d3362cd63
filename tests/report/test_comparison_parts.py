"""The parts of the comparison's pages that can be wrong in ways that a page does not show."""

from __future__ import annotations

import copy
import json
import math
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import make_comparison

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "reports"))

from assay_report import schema, versus_facts, versus_plots, versus_rows, versus_words  # noqa: E402
from assay_report.scale import Range, Tick, spread_out  # noqa: E402
from assay_report.versus_model import Effect, Finding, Versus, build_versus  # noqa: E402

SCHEMA = json.loads((ROOT / "docs" / "compare.schema.json").read_text(encoding="utf-8"))
THIN = "\u202f"

Json = dict[str, Any]


def versus_of(benchmarks: list[Json]) -> Versus:
    return build_versus(make_comparison.comparison(benchmarks))


def finding_of(benchmark: Json) -> Finding:
    finding = versus_of([benchmark]).entries[0].finding
    assert finding is not None
    return finding


def with_effect(point: float, lower: float, upper: float, verdict: str = "inconclusive") -> Json:
    """A benchmark with this effect; its id tells effects apart."""
    made: Json = make_comparison.compared(f"s/{point}/{upper}", verdict, 0.0)
    made["effect_ratio"] = {"point": point, "lower": lower, "upper": upper}
    return made


@pytest.mark.parametrize(
    "effect, point, interval",
    [
        (Effect(0.0122, 0.0113, 0.0131), "+1.22 %", "+1.13 % to +1.31 %"),
        (Effect(-0.006, -0.0249, 0.0135), "−0.60 %", "−2.49 % to +1.35 %"),
        (Effect(-0.0179, -0.1216, 0.098), "−1.8 %", "−12.2 % to +9.8 %"),
        (Effect(1.4049, 1.3652, 1.4452), "+140.5 %", "+136.5 % to +144.5 %"),
        (Effect(0.5, -0.2, 1.2), "+50 %", "−20 % to +120 %"),
    ],
)
def test_effects_have_digits_that_suit_the_interval(
    effect: Effect, point: str, interval: str
) -> None:
    assert versus_words.point_words(effect).replace(THIN, " ") == point
    assert versus_words.interval_words(effect).replace(THIN, " ") == interval


@pytest.mark.parametrize(
    "p, expected",
    [(1e-12, "p < 0.0001"), (0.0, "p < 0.0001"), (0.0123, "p = 0.0123"), (0.4996, "p = 0.50")],
)
def test_p_values(p: float, expected: str) -> None:
    assert versus_words.p_words(p) == expected


def scale_for(*benchmarks: Json) -> versus_rows.EffectScale:
    return versus_rows.table_of(versus_of(list(benchmarks)).entries, versus_of([])).scale


def test_small_effects_have_a_linear_scale() -> None:
    scale = scale_for(with_effect(0.02, 0.01, 0.03), with_effect(-0.01, -0.02, 0.0))
    assert not scale.log
    assert scale.place(0.02) - scale.zero == pytest.approx(scale.zero - scale.place(-0.02), abs=0.1)
    assert scale.place(0.02) - scale.zero == pytest.approx(
        2 * (scale.place(0.01) - scale.zero), abs=0.1
    )


def test_a_large_effect_does_not_hide_the_guard() -> None:
    scale = scale_for(with_effect(5.0, 4.9, 5.1), with_effect(0.002, 0.0, 0.004))
    assert scale.log
    left, width = scale.band(0.003)
    assert width > 3 and left < scale.zero < left + width
    places = [scale.place(ratio) for ratio in (-0.05, -0.01, 0.0, 0.003, 0.01, 0.1, 1.0, 5.0)]
    assert places == sorted(places) and len(set(places)) == len(places)


def test_a_vast_interval_does_not_set_the_scale() -> None:
    scale = scale_for(with_effect(0.001, -0.99, 1e9), with_effect(0.02, 0.019, 0.021))
    vast = scale.track(finding_of(with_effect(0.001, -0.99, 1e9)))
    assert (vast.lower, vast.upper) == (0.0, 100.0)
    assert scale.place(0.02) - scale.zero > 10


@pytest.mark.parametrize("largest", [0.0, 0.004, 0.03, 0.2, 1.5, 40.0, 1e6])
def test_ticks_of_the_table_are_apart_inside_and_hold_zero(largest: float) -> None:
    scale = scale_for(with_effect(largest, 0.9 * largest, 1.1 * largest))
    ticks = scale.ticks
    assert 2 <= len(ticks) <= 9
    assert any(tick.at == scale.zero for tick in ticks)
    assert all(4 <= tick.at <= 96 for tick in ticks)
    assert all(b.at - a.at > 6 for a, b in zip(ticks, ticks[1:]))
    for tick in ticks:
        number = tick.label.replace(THIN, "").replace("−", "-").rstrip("%").lstrip("+")
        assert scale.place(float(number) / 100) == pytest.approx(tick.at, abs=0.2)


def test_close_ticks_are_left_out() -> None:
    ticks = [Tick(at, str(at)) for at in (-2.0, -1.9, 0.0, 0.1, 1.0)]
    assert [tick.at for tick in spread_out(ticks, 0.5)] == [-1.9, 0.0, 1.0]


def test_pairs_are_drawn_over_their_core_with_no_change_when_near() -> None:
    near = finding_of(make_comparison.compared("s/near", "regressed", 0.01))
    assert versus_plots.pairs_view(near).low <= 0
    far = finding_of(make_comparison.compared("s/far", "regressed", 1.0))
    view = versus_plots.pairs_view(far)
    assert 0.6 < view.low < math.log(2) < view.high < 0.8
    unlucky = make_comparison.compared("s/unlucky", "regressed", 0.01)
    unlucky["pairs"]["log_ratio"][3] = 2.0
    view = versus_plots.pairs_view(finding_of(unlucky))
    assert view.high < 0.1
    assert versus_plots.beyond_count(finding_of(unlucky)) == (0, 1)


def test_pair_table_holds_the_documents_figures() -> None:
    benchmark = make_comparison.compared("s/b", "regressed", 0.05)
    benchmark["old"]["times_ns"]["median"] = 2000.0
    pairs = benchmark["pairs"]
    pairs["log_ratio"][0], pairs["old_lowmean_ns"][0] = math.log(1.25), 1984.0
    columns = versus_plots.pair_columns(finding_of(benchmark))
    assert {len(cells) for cells in columns.values()} == {38}
    first = {heading: cells[0] for heading, cells in columns.items()}
    assert first["Change (%)"] == "25.000" and first["Old (µs)"] == "1.984"
    assert (first["Stage"], first["Set up first"], first["Slices"]) == ("screen", "new", "300")
    assert columns["Stage"].count("second") == 30
    assert columns["Old tail (µs)"][3] == "none"
    assert "Old layout" not in columns, "no layouts were drawn"


def test_counts_are_those_of_the_document() -> None:
    document = make_comparison.comparison(make_comparison.every_kind())
    counts = versus_facts.counts_of(build_versus(document))
    expected = dict(document["counts"])
    assert counts["below resolution"] == expected.pop("below_resolution")
    assert counts["tail"] == expected.pop("tail_slower")
    assert counts["moved"] == expected.pop("layout_alone") == 1
    del expected["only_old"], expected["only_new"]
    assert {name: counts[name] for name in expected} == expected


def test_ids_that_occur_twice_get_pages_of_their_own() -> None:
    versus = versus_of([make_comparison.compared("canary/chain/1000", "unchanged", 0.0)])
    pages = [entry.page for entry in versus.entries] + [c.entry.page for c in versus.canaries]
    assert len({page.lower() for page in pages}) == len(pages) == 3


# ---- The validator, against an independent one --------------------------------------------------


def open_world(rule: Any) -> Any:
    """The schema without what forbids unknown keys: those are let through."""
    if isinstance(rule, dict):
        closed = ("additionalProperties", "propertyNames")
        return {key: open_world(item) for key, item in rule.items() if key not in closed}
    return [open_world(item) for item in rule] if isinstance(rule, list) else rule


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else ()
    for key, item in items or (enumerate(value) if isinstance(value, list) else ()):
        found += places(item, (*path, key))
    return found


def small_document() -> Json:
    """Every kind with short columns, so that every rule is near."""
    kinds = make_comparison.every_kind()
    for item in kinds:
        if "pairs" in item:
            item["pairs"] = {key: column[:2] for key, column in item["pairs"].items()}
            for side in ("old", "new"):
                item[side]["density"] |= {"density": [0.1, 0.2]}
    document: Json = make_comparison.comparison(kinds)
    del document["canaries"][0]["benchmark"]["pairs"]["dropped"][2:]
    return document


def drop(owner: Any, key: str | int, chance: random.Random) -> None:
    del owner[key]


def replace(owner: Any, key: str | int, chance: random.Random) -> None:
    owner[key] = chance.choice(
        [None, True, -1, 0, 1.5, 2.0, "text", "compared", "improved", [], {}, [1], 10**18, -0.5]
    )


@pytest.mark.parametrize("change", [drop, replace])
def test_validator_agrees_with_an_independent_one(
    change: Callable[[Any, str | int, random.Random], None]
) -> None:
    chance = random.Random(17)
    document = small_document()
    ours = schema.Validator(SCHEMA)
    theirs = jsonschema.Draft202012Validator(open_world(SCHEMA))
    ours.check(document)
    assert theirs.is_valid(document)
    refused = 0
    for path in chance.sample(places(document), 300):
        mutant = copy.deepcopy(document)
        owner: Any = mutant
        for key in path[:-1]:
            owner = owner[key]
        change(owner, path[-1], chance)
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
        "properties", "additionalProperties", "propertyNames", "items", "oneOf", "allOf", "if",
        "then", "else", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "minItems", "maxItems", "pattern",
    }  # fmt: skip

    def visit(rule: Any) -> None:
        assert isinstance(rule, dict) and set(rule) <= known, set(rule) - known
        assert rule.get("additionalProperties") in (None, False)
        assert set(rule.get("propertyNames", {})) <= {"enum"}
        for key in ("properties", "$defs"):
            for item in rule.get(key, {}).values():
                visit(item)
        for key in ("oneOf", "allOf"):
            for item in rule.get(key, []):
                visit(item)
        for key in ("items", "if", "then", "else"):
            if key in rule:
                visit(rule[key])

    visit(SCHEMA)
