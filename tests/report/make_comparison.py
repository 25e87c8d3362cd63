"""Makes comparisons for the tests of the report: make_comparison.py FOLDER [--benchmarks N]."""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path
from typing import Any

from make_results import HOSTILE_NAMES, density_of

Json = dict[str, Any]

SCREEN, FRESH = 8, 30


def side(name: str, **changes: Any) -> Json:
    return {
        "name": name,
        "path": f"build/{name}",
        "commit": "0f1e2d3c4b5a",
        "dirty": False,
        "build": {"compiler": "gcc 12.2.0", "flags": "-O2 -g", "variant": "release"},
    } | changes


def _times(base_ns: float, chance: random.Random) -> Json:
    values = sorted(base_ns * (1 + abs(chance.gauss(0, 0.01))) for _ in range(60))
    grid = density_of(values, base_ns * 0.004)
    return {
        "times_ns": {"p5": values[3], "median": values[30], "p95": values[57]},
        "density": {
            "start_ns": grid["start"], "step_ns": grid["step"], "density": grid["density"],
        },
    }  # fmt: skip


def compared(name: str, verdict: str, effect: float, **changes: Any) -> Json:
    """A benchmark with `effect` as its new / old - 1; 38 pairs when it was suspected, else 8."""
    chance = random.Random(repr(name))
    base_ns = 10 ** chance.uniform(1, 6)
    flagged = changes.get("flagged", verdict in ("regressed", "improved"))
    count = SCREEN + FRESH if flagged else SCREEN
    spread = 0.02 if verdict == "inconclusive" else 0.002
    logs = [math.log1p(effect) + chance.gauss(0, spread) for _ in range(count)]
    old = [base_ns * (1 + chance.gauss(0, 0.001)) for _ in logs]
    new = [time * math.exp(log) for time, log in zip(old, logs)]
    reach = 4 * spread / math.sqrt(count)
    interval = {"point": effect, "lower": effect - reach, "upper": effect + reach}
    needed = 40 if verdict == "inconclusive" else None
    return {
        "id": name,
        "suite": name.split("/")[0],
        "status": "compared",
        "reason": None,
        "verdict": verdict,
        "flagged": flagged,
        "confirmed": flagged,
        "below_resolution": False,
        "note": None,
        "effect_ratio": interval,
        "p_value": 1e-9 if flagged else 0.31,
        "signed_rank_p_value": 0.0002 if flagged else None,
        "smallest_detectable_ratio": max(2 * reach, 0.004),
        "pairs_needed": needed,
        "seconds_needed": 2.5 if needed else None,
        "tail": {"slower": False, "effect_ratio": dict(interval)},
        "iterations_per_slice": 12,
        "pair_s": 0.078,
        "old": _times(base_ns, chance),
        "new": _times(base_ns * (1 + effect), chance),
        "pairs": {
            "confirming": [place >= SCREEN for place in range(count)],
            "shared_addresses": [place % 4 < 2 for place in range(count)],
            "order": [1 if place % 2 else -1 for place in range(count)],
            "log_ratio": logs,
            "old_lowmean_ns": old,
            "new_lowmean_ns": new,
            "old_tail_ns": [None if place == 3 else time for place, time in enumerate(old)],
            "new_tail_ns": list(new),
            "slices": [300] * count,
            "dropped": [place % 4 for place in range(count)],
            "old_layout": [0] * count,
            "new_layout": [0] * count,
        },
    } | changes


def uncompared(name: str, status: str, reason: str | None) -> Json:
    return {"id": name, "suite": name.split("/")[0], "status": status, "reason": reason}


def canary(name: str, slower: bool, verdict: str, effect: float) -> Json:
    misfired = verdict != ("regressed" if slower else "unchanged")
    return {"slower": slower, "misfired": misfired, "benchmark": compared(name, verdict, effect)}


def every_kind() -> list[Json]:
    """A benchmark of every status, verdict and remark."""
    tail = {"point": 0.03, "lower": 0.028, "upper": 0.032}
    return [
        compared("kinds/slow", "regressed", 0.052),
        compared("kinds/much_slower", "regressed", 1.4),
        compared("kinds/fast", "improved", -0.031),
        compared("kinds/open", "inconclusive", 0.004),
        compared("kinds/vetoed", "inconclusive", 0.006, flagged=True, note="two tests disagree"),
        compared("kinds/due", "inconclusive", 0.009, flagged=False) | {"flagged": True},
        compared("kinds/same", "unchanged", 0.001),
        compared("kinds/suspected", "unchanged", 0.0012, flagged=True),
        compared(
            "kinds/moved",
            "unchanged",
            0.0112,
            flagged=True,
            layout_alone=True,
            note="slower by its place in memory alone: all that it reaches is the same on both sides",
        ),
        compared("kinds/tail", "unchanged", 0.0, tail={"slower": True, "effect_ratio": tail}),
        compared("kinds/below", "inconclusive", 0.2, below_resolution=True),
        uncompared("kinds/identical", "identical", None),
        uncompared("kinds/skipped", "skipped", "both sides: this CPU has no AVX-512"),
        uncompared("kinds/failed", "failed", "new (work): ended by signal 11"),
        uncompared("kinds/untried", "untried", "the time budget was used up"),
    ]


def odd() -> list[Json]:
    """Valid figures at the edges of what a page can bear."""
    few = compared("odd/few_pairs", "inconclusive", 0.0, note="too few pairs for an interval")
    few |= {
        "effect_ratio": {"point": 0, "lower": 0, "upper": 0},
        "smallest_detectable_ratio": 0, "p_value": 1, "pairs_needed": None, "seconds_needed": None,
        "tail": {"slower": False, "effect_ratio": None},
        "pairs": {key: column[:1] for key, column in few["pairs"].items()},
    }  # fmt: skip
    none = compared("odd/no_pairs", "inconclusive", 0.0)
    none |= {
        "pairs": {key: [] for key in none["pairs"]},
        "smallest_detectable_ratio": 0, "old": dict(none["old"], density=None),
        "new": dict(none["new"], density=None),
    }  # fmt: skip
    vast = compared("odd/vast", "inconclusive", 0.0)
    vast |= {"effect_ratio": {"point": 0.1, "lower": -1, "upper": 1e9}}
    gone = compared("odd/gone", "improved", -0.9999999)
    gone["effect_ratio"] = {"point": -1, "lower": -1, "upper": -1}
    gone["tail"] = {"slower": False, "effect_ratio": dict(gone["effect_ratio"])}
    gone["pairs"]["log_ratio"] = [-40.0] * len(gone["pairs"]["order"])
    same = compared("odd/to_the_cycle", "unchanged", 0.0)
    same["effect_ratio"] = {"point": 0, "lower": 0, "upper": 0}
    same["pairs"]["log_ratio"] = [0] * SCREEN
    zero = {"times_ns": {"p5": 0, "median": 0, "p95": 0}, "density": None}
    same |= {"old": zero, "new": zero}
    far = compared("odd/unlucky_pairs", "regressed", 0.02)
    far["pairs"]["log_ratio"][4] = 30.0
    far["pairs"]["log_ratio"][20] = -30.0
    many = compared("odd/many_pairs", "unchanged", 0.0)
    many["pairs"] = {key: column * 400 for key, column in many["pairs"].items()}
    return [few, none, vast, gone, same, far, many]


def hostile() -> list[Json]:
    made = [compared(name, "regressed", 0.02, note=name) for name in HOSTILE_NAMES]
    made += [uncompared(f"{name}/failed", "failed", name) for name in HOSTILE_NAMES]
    return made + [uncompared(f"{name}/skipped", "skipped", name) for name in HOSTILE_NAMES]


def several(count: int) -> list[Json]:
    """So many compared benchmarks with all verdicts among them."""
    chance = random.Random(count)
    made = []
    for number in range(count):
        effect = chance.choice([0.0, 0.0, 0.001, -0.002, 0.03, -0.05])
        verdict = "regressed" if effect > 0.01 else "improved" if effect < -0.01 else "unchanged"
        made.append(compared(f"suite_{number % 9}/bench_{number:04d}/100", verdict, effect))
    return made


def comparison(benchmarks: list[Json], **changes: Any) -> Json:
    """A whole document about these benchmarks."""
    document: Json = {
        "schema": "assay-compare/1",
        "method": 2,
        "tool": {"name": "assay", "version": "0.1.0"},
        "started_utc": "2026-03-01T12:00:00Z",
        "duration_s": 41.75,
        "complete": True,
        "trusted": True,
        "old": side("main"),
        "new": side("work", commit=None, dirty=True),
        "host": {
            "key": "5d0e1c7a", "name": "bench-host", "cpu_model": "Example Processor 8000",
            "cpus": 8, "caches": [{"level": 1, "type": "Data", "size_bytes": 32768}],
            "memory_bytes": 16 * 2**30, "architecture": "x86_64", "kernel": "Linux 6.1",
            "os": "Example OS", "virtual": True,
        },
        "clock": {"source": "tsc", "frequency_hz": 2.6e9, "resolution_ns": 0.77, "cost_ns": 14.2},
        "disturbed_ratio": 0.0123,
        "warnings": ["The governor is 'powersave'."],
        "settings": {
            "confidence_level": 0.95, "guard_ratio": 0.003, "margin_ratio": 0.01,
            "false_alarm_rate": 0.01, "screen_pairs": SCREEN, "confirm_pairs": FRESH,
            "slice_ns": 100000, "pair_ns": 20000000, "layouts": 0, "cpu": 1,
            "time_budget_s": None, "shared_addresses": True, "fresh_copies": True,
            "skip_identical": False,
        },
        "seed": 20260131,
        "counts": {},
        "benchmarks": sorted(benchmarks, key=lambda item: str(item["id"])),
        "only_old": [],
        "only_new": [],
        "canaries": [
            canary("canary/chain/1000", False, "unchanged", 0.0001),
            canary("canary/chain/1000", True, "regressed", 0.0201),
        ],
    }  # fmt: skip
    document |= changes
    document["counts"] = _counts(document)
    return document


def _counts(document: Json) -> Json:
    outcomes = [
        item["status"] if item["status"] != "compared"
        else "below_resolution" if item["below_resolution"] else item["verdict"]
        for item in document["benchmarks"]
    ]  # fmt: skip
    names = (
        "regressed", "improved", "unchanged", "inconclusive", "below_resolution", "identical",
        "skipped", "failed", "untried",
    )  # fmt: skip
    tails = [item["tail"]["slower"] for item in document["benchmarks"] if "tail" in item]
    return {name: outcomes.count(name) for name in names} | {
        "tail_slower": sum(tails),
        "layout_alone": sum(item.get("layout_alone", False) for item in document["benchmarks"]),
        "only_old": len(document["only_old"]),
        "only_new": len(document["only_new"]),
    }


def write_comparison(folder: Path, document: Json) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "compare.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--benchmarks", type=int, default=0, help="default: one of every kind")
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--untrusted", action="store_true")
    options = parser.parse_args()
    benchmarks = several(options.benchmarks) if options.benchmarks else every_kind() + odd()
    if options.hostile:
        benchmarks += hostile()
    document = comparison(
        benchmarks,
        only_old=["kinds/only_old"],
        only_new=list(HOSTILE_NAMES) if options.hostile else ["kinds/only_new"],
    )
    if options.untrusted:
        wrong = canary("canary/sort/1000", False, "regressed", 0.0123)
        document["canaries"].append(wrong)
        document |= {"trusted": False, "complete": False}
    write_comparison(options.folder, document)


if __name__ == "__main__":
    main()
