"""Makes valid result documents: as many benchmarks as asked for, of every kind, from a seed.

The figures belong together (estimates are computed from the samples), so that a report on them
looks like one on a real run. Run as a program: make_results.py FOLDER [--benchmarks N] [--hostile].
"""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path
from typing import Any

from make_metrics import count_things

Json = dict[str, Any]

HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "x" * 200,
    "Größe_größer_数据_🚀",
    "quote'double\"back`tick`",
    "$(touch pwned) `touch pwned` ${HOME}",
    "'; system('touch pwned'); print '",
    "@_{}^~|\\n&amp;%s%n{{ 7 * 7 }}{% raw %}",
    "line\nbreak\ttab\r\x07bell",
    "../../../../etc/passwd",
    "\u202eright-to-left override",
    "Case/Twin",
    "case/twin",
    "lone \ud800 surrogate",
    "</title></svg><img src=x onerror=alert(2)>",
)

GRID = 500


def gauss(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def density_of(values: list[float], width: float) -> Json:
    """A kernel density on an even grid."""
    low, high = min(values) - 3 * width, max(values) + 3 * width
    step = (high - low) / (GRID - 1)
    total = [0.0] * GRID
    reach = math.ceil(4 * width / step)
    for value in values:
        middle = round((value - low) / step)
        for index in range(max(0, middle - reach), min(GRID, middle + reach + 1)):
            total[index] += gauss((low + index * step - value) / width)
    return {"start": low, "step": step, "density": [t / (len(values) * width) for t in total]}


def bell(estimate: Json) -> Json:
    """The density of a normal estimate."""
    error = estimate["standard_error"] or abs(estimate["point"]) * 1e-6 or 1e-6
    step = 8 * error / (GRID - 1)
    start = estimate["point"] - 4 * error
    density = [gauss((index * step - 4 * error) / error) / error for index in range(GRID)]
    return {"start": start, "step": step, "density": density}


def estimate(point: float, error: float) -> Json:
    return {
        "point": point,
        "lower": point - 1.96 * error,
        "upper": point + 1.96 * error,
        "standard_error": error,
    }


def quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


REGRESSIONS = [
    {
        "responder": "time",
        "predictor": "iterations",
        "slope_ns": estimate(27.3, 0.2),
        "intercept_ns": estimate(-1234.0, 900.0),
        "r_squared": 0.9931,
    },
    {
        "responder": "time",
        "predictor": "page-faults",
        "reason": "the predictor is the same in all samples",
    },
    {
        "responder": "iterations",
        "predictor": "time",
        "slope_per_ns": estimate(0.0366, 0.001),
        "intercept": estimate(45.5, 20.0),
        "r_squared": 0.9931,
    },
]


TOO_FEW = {
    "name": "strategy",
    "bench": "strategy",
    "parameter": None,
    "distinct": 1,
    "reason": "no curve is fitted: that takes 3 different values above 0, and 1 was measured",
}


def family(suite: str, bench: str, values: list[int], best: str, close: bool = False) -> Json:
    """How a bench grows, as a document tells it."""
    curves = [best] + [
        curve for curve in ("n", "n log n", "1", "log n", "n^2", "n^3") if curve != best
    ]
    return {
        "name": bench,
        "bench": bench,
        "parameter": bench,
        "ids": [f"{suite}/{bench}/{value}" for value in values],
        "distinct": len(values) - 1,
        "close": close,
        "fits": [
            {
                "curve": curve,
                "coefficient_ns": 12.3,
                "lower_ns": 11.9,
                "upper_ns": 12.7,
                "standard_error_ns": 0.2,
                "rms": 0.031 + 0.17 * place,
            }
            for place, curve in enumerate(curves)
        ],
    }


class Maker:
    """Makes benchmarks from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def times(self, base_ns: float, count: int, noise: float, spikes: float) -> list[float]:
        """Times of an iteration: a narrow core, a tail to the right, sometimes a spike."""
        values = []
        for _ in range(count):
            value = base_ns * (
                1 + noise * abs(self.random.gauss(0, 1)) + noise * 0.3 * self.random.random()
            )
            if self.random.random() < spikes:
                value *= 1 + self.random.expovariate(2.0)
            values.append(value)
        return values

    def samples(self, times: list[float], linear: bool, spikes: bool) -> Json:
        unit = max(1, round(20_000 / times[0]))
        order = list(range(1, len(times) + 1))
        self.random.shuffle(order)
        iterations = [unit * place if linear else unit for place in order]
        core = sorted(times)[len(times) // 2] * 1.1
        return {
            "iterations": iterations,
            "time_ns": [time * count for time, count in zip(times, iterations)],
            "involuntary_switches": [int(spikes and time > core) for time in times],
            "page_faults": [int(self.random.random() < 0.02) for _ in times],
        }

    def measured(self, base_ns: float, kind: str) -> Json:
        """The keys that a measured benchmark has beyond its name."""
        linear = kind != "flat"
        spikes = 0.08 if kind == "noisy" else 0.01
        times = self.times(
            base_ns, 100 if linear else 40, 0.006 if kind != "noisy" else 0.02, spikes
        )
        samples = self.samples(times, linear, kind == "noisy")
        estimates = self.estimates(times, samples, linear)
        names = [name for name, value in estimates.items() if value is not None]
        width = max(estimates["mad_ns"]["point"] * 0.5, base_ns * 1e-4)
        return {
            "unit": None,
            "measured_utc": "2026-03-01T12:00:00Z",
            "throughput": [],
            "sampling": "linear" if linear else "flat",
            "warm_up": {"iterations": 131071, "time_ns": 1.2e9},
            "stopped": self.random.choice(["complete", "precision", "time"]),
            "samples": samples,
            "estimates": estimates,
            "below_resolution": kind == "below",
            "outliers": self.outliers(times),
            "density": density_of(times, width),
            "bootstrap": {name: bell(estimates[name]) for name in names},
            "counters": [],
            "latency_ns": None,
            "comparison": None,
        }

    def estimates(self, times: list[float], samples: Json, linear: bool) -> Json:
        ordered = sorted(times)
        count = len(ordered)
        low = ordered[int(0.05 * count) : int(0.5 * count)]
        mean = sum(ordered) / count
        median = quantile(ordered, 0.5)
        deviation = math.sqrt(sum((time - mean) ** 2 for time in ordered) / (count - 1))
        mad = 1.4826 * quantile(sorted(abs(time - median) for time in ordered), 0.5)
        lowmean = sum(low) / len(low)
        error = max(mad, lowmean * 1e-6) / math.sqrt(count)
        slope = None
        if linear:
            pairs = list(zip(samples["iterations"], samples["time_ns"]))
            point = sum(n * t for n, t in pairs) / sum(n * n for n, _ in pairs)
            slope = estimate(point, error) | {"r_squared": 0.9991}
        return {
            "lowmean_ns": estimate(lowmean, error * 0.5),
            "mean_ns": estimate(mean, deviation / math.sqrt(count)),
            "median_ns": estimate(median, error),
            "mad_ns": estimate(mad, mad / math.sqrt(2 * count)),
            "std_dev_ns": estimate(deviation, deviation / math.sqrt(2 * count)),
            "slope_ns": slope,
        }

    def outliers(self, times: list[float]) -> Json:
        ordered = sorted(times)
        q1, q3 = quantile(ordered, 0.25), quantile(ordered, 0.75)
        spread = q3 - q1
        fences = [q1 - 3 * spread, q1 - 1.5 * spread, q3 + 1.5 * spread, q3 + 3 * spread]
        high_severe = sum(time > fences[3] for time in times)
        high_mild = sum(fences[2] < time <= fences[3] for time in times)
        inside = [time for time in times if time <= fences[2]]
        mean, clean = sum(times) / len(times), sum(inside) / len(inside)
        variance = sum((time - mean) ** 2 for time in times)
        share = 1 - sum((time - clean) ** 2 for time in inside) / variance
        share = min(max(share, 0.0), 1.0)
        effect = "none" if share < 0.1 else "slight" if share < 0.5 else "moderate"
        return {
            "low_severe": sum(time < fences[0] for time in times),
            "low_mild": sum(fences[0] <= time < fences[1] for time in times),
            "high_mild": high_mild,
            "high_severe": high_severe,
            "fences_ns": fences,
            "variance_share": share,
            "mean_shift": mean / clean - 1,
            "effect": "severe" if share > 0.9 else effect,
        }

    def share(self, benchmark: Json, threads: int) -> None:
        """Adds what each thread did: every one does a tenth less than the one before it."""
        samples = benchmark["samples"]
        benchmark["thread_samples"] = [
            {
                "thread": thread,
                "iterations": [max(1, round(n * 0.9**thread)) for n in samples["iterations"]],
                "time_ns": samples["time_ns"],
            }
            for thread in range(threads)
        ]
        benchmark["fairness"] = estimate(0.9 ** (threads - 1), 0.004)

    def compare(self, benchmark: Json, factor: float) -> None:
        """Adds a baseline that took `factor` times as long as now."""
        head = benchmark["estimates"]["lowmean_ns"]["point"]
        old = self.times(head * factor, 100, 0.006, 0.01)
        ordered = sorted(old)
        low = ordered[5:50]
        lowmean = sum(low) / len(low)
        change = head / lowmean - 1
        error = 0.004
        called = abs(change) > 0.012
        benchmark["comparison"] = {
            "kind": "stored",
            "baseline": {
                "name": "main",
                "measured_utc": "2026-02-27T09:30:00Z",
                "commit": "0f1e2d3c4b5a69788796a5b4c3d2e1f001122334",
                "reference_ns": 1181.25,
                "samples": self.samples(old, benchmark["sampling"] == "linear", False),
                "lowmean_ns": lowmean,
                "density": density_of(old, head * 0.002),
            },
            "change": estimate(change, error),
            "p_value": 0.0004 if called else 0.41,
            "verdict": ("regressed" if change > 0 else "improved") if called else "no change seen",
            "smallest_detectable_change": 0.012,
            "drift": 0.0035,
        }

    def latencies(self, count: int, median_ns: float) -> Json:
        """Lognormal latencies, with the histogram that docs/result.schema.json describes."""
        values = sorted(int(median_ns * self.random.lognormvariate(0, 1.6)) for _ in range(count))
        buckets: dict[int, int] = {}
        for value in values:
            shift = max(value.bit_length() - 11, 0)
            index = (shift << 10) + (value >> shift)
            buckets[index] = buckets.get(index, 0) + 1
        data: Json = {"count": count, "min": values[0], "mean": sum(values) / count}
        for key, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999)):
            data[key] = values[math.ceil(share * count) - 1]
        return data | {
            "max": values[-1],
            "overflow": 0,
            "intervals": {
                key: {"lower": data[key] * 0.9, "upper": data[key] * 1.2}
                for key in ("p50", "p90", "p99")
            },
            "histogram": {
                "sub_bits": 10,
                "index": sorted(buckets),
                "count": [buckets[index] for index in sorted(buckets)],
            },
        }


def scale(family: list[Json]) -> None:
    """Adds speed-ups over the first."""
    head = [item["estimates"]["lowmean_ns"]["point"] for item in family]
    for item, point in zip(family, head):
        efficiency = head[0] / point
        speed_up = efficiency * item["threads"] / family[0]["threads"]
        item["scaling"] = {
            "base_threads": family[0]["threads"],
            "iterations_per_s": estimate(item["threads"] * 1e9 / point, 1e5),
            "speed_up": estimate(speed_up, 0.01 * speed_up if item is not family[0] else 0.0),
            "efficiency": estimate(efficiency, 0.01 * efficiency),
        }


def named(
    suite: str, bench: str, parameters: list[tuple[str | None, int | str]], threads: int = 1
) -> Json:
    parts = [suite, bench, *(str(value) for _, value in parameters)]
    if threads > 1:
        parts.append(f"threads:{threads}")
    return {
        "id": "/".join(parts),
        "bench": bench,
        "parameters": [{"name": name, "value": value} for name, value in parameters],
        "threads": threads,
        "tags": [],
        "status": "measured",
        "reason": None,
    }


def stability(grade: str | None) -> Json:
    """How steady the machine was; None: too short to tell."""
    slow = 0.01 * ord(grade) - 0.64 if grade else None
    return {
        "grade": grade,
        "slowed_share": slow,
        "slowed_10_share": slow and slow / 4,
        "variation": slow and slow / 2,
        "steal_share": 0.002,
        "switches_per_s": 7.25,
        "observations": 3120 if grade else 42,
        "seconds": 27.5 if grade else 0.3,
    }


def document(suite: str, benchmarks: list[Json], seed: int) -> Json:
    return {
        "schema": "assay-result/1",
        "method": 1,
        "tool": {"name": "assay", "version": "0.1.0"},
        "suite": suite,
        "started_utc": f"2026-03-01T12:{seed % 60:02d}:00Z",
        "duration_s": 12.5 + 3 * len(benchmarks),
        "complete": all(item["status"] != "interrupted" for item in benchmarks),
        "commit": {"id": "9a8b7c6d5e4f30211203f4e5d6c7b8a990817263", "dirty": True},
        "build": {
            "compiler": "gcc 12.2.0",
            "flags": "-std=c11 -O2 -g -falign-functions=64 -falign-loops=32 -ffp-contract=off",
            "variant": "release",
            "optimised": True,
        },
        "host": {
            "key": "5d0e1c7a",
            "name": "bench-host",
            "cpu_model": "Example Processor 8000 @ 2.60GHz",
            "cpus": 8,
            "caches": [
                {"level": 1, "type": "data", "size_bytes": 49152},
                {"level": 2, "type": "unified", "size_bytes": 1310720},
                {"level": 3, "type": "unified", "size_bytes": 31457280},
            ],
            "memory_bytes": 16 * 2**30,
            "architecture": "x86_64",
            "kernel": "6.1.0",
            "os": "Debian GNU/Linux 12",
            "virtual": True,
        },
        "clock": {"source": "tsc", "frequency_hz": 2.6e9, "resolution_ns": 0.77, "cost_ns": 14.2},
        "loop_ns": estimate(0.39 + seed * 0.001, 0.002),
        "environment": {
            "warnings": [
                "The CPU frequency governor is 'powersave'; figures may depend on load.",
                "The load average was 1.7 when the run began.",
            ],
            "stability": stability("BCAD"[seed % 4]),
        },
        "settings": {
            "sample_size": 100,
            "warm_up_time_s": 1.0,
            "measurement_time_s": 3.0,
            "nresamples": 100000,
            "confidence_level": 0.95,
            "significance_level": 0.05,
            "noise_threshold": 0.01,
            "sampling_mode": "auto",
            "baseline": "main",
            "pin": None,
            "threads": [],
        },
        "seed": 42 + seed,
        "benchmarks": benchmarks,
    }


def swept(make: Maker, suite: str) -> list[Json]:
    """Groups over parameters: one axis, two axes, threads, words."""
    made = []
    for attributes in (0, 5, 10, 50, 100):
        item = named(suite, "attributes", [("attributes", attributes)])
        item |= make.measured(38 + 11.5 * attributes, "noisy" if attributes == 50 else "linear")
        item["throughput"] = [{"kind": "elements", "per_iteration": 1}]
        make.compare(item, make.random.choice([0.93, 1.0, 1.0, 1.09]))
        made.append(item)
    for codec in ("gzip", "zstd", "none"):
        for size in (1024, 65536, 1048576):
            item = named(suite, "compress", [("codec", codec), ("payload", size)])
            rate = {"gzip": 0.06, "zstd": 0.4, "none": 8.0}[codec]
            item |= make.measured(size / rate + 900, "flat" if size > 100000 else "linear")
            item["throughput"] = [{"kind": "bytes", "per_iteration": size}]
            ratio = {"gzip": 4.21, "zstd": 3.97, "none": 1.0}[codec]
            item["counters"] = [
                {"name": "ratio", "value": ratio, "unit": "x"},
                {"name": "payload_bytes", "value": size, "unit": "bytes"},
                {"name": "packed_bytes", "value": size / ratio, "unit": "bytes"},
            ]
            make.compare(item, make.random.choice([0.97, 1.0, 1.0, 1.0, 1.04]))
            count_things(item, {"none": 0.0, "gzip": 3.0, "zstd": 2.5}[codec])
            made.append(item)
    family = []
    for threads in (1, 2, 4, 8):
        item = named(suite, "counter_contention", [], threads)
        item |= make.measured(12.0 * threads**1.3, "noisy")
        item["latency_ns"] = {
            "count": 200000, "min": 9.5, "mean": 18.2, "p50": 14.0, "p90": 31.0, "p99": 220.0,
            "p99_9": 4100.0, "max": 1.3e6, "overflow": 2 if threads == 8 else 0,
        }  # fmt: skip
        if threads == 2:
            other = Maker(99)
            other.compare(item, 1.0)
            item["latency_ns"] = other.latencies(3000, 40.0)
            item["comparison"]["baseline"]["latency_ns"] = other.latencies(20_000, 60.0)
            item["regressions"] = REGRESSIONS
        if threads > 1:
            make.share(item, threads)
        if threads == 8:
            item["oversubscribed"] = True
        family.append(item)
    scale(family)
    made += family
    for strategy in ("time-first", "size-first", "hybrid"):
        item = named(suite, "strategy", [(None, strategy)])
        item |= make.measured(make.random.uniform(4e5, 9e5), "linear")
        made.append(item)
    return made


def alone(make: Maker, suite: str) -> list[Json]:
    """Benchmarks without parameters, of every status."""
    made = []
    for bench, base_ns, kind in (
        ("trace_id_creation", 6.4, "linear"),
        ("full_cycle", 3.4e7, "flat"),
        ("log_emit", 310.0, "noisy"),
        ("empty_kernel", 0.39, "below"),
    ):
        item = named(suite, bench, []) | make.measured(base_ns, kind)
        item["tags"] = ["quick"] if kind == "linear" else []
        if bench == "full_cycle":
            item |= {"cold": True, "eviction": {"how": "flushed", "bytes": 262144}}
        if bench == "log_emit":
            cost = {"point": 24.5, "lower": 23.0, "upper": 31.0}
            item["harness"] = {
                "batch_iterations": 15.99,
                "clock_ns": {"point": 16.1, "lower": 15.6, "upper": 18.4},
                "pauses_per_iteration": 2,
                "pause_ns": cost,
                "share": {"point": 0.158, "lower": 0.148, "upper": 0.2},
            }
        if kind != "below":
            make.compare(item, make.random.choice([0.9, 1.0, 1.12]))
        made.append(item)
    for bench, status, reason in (
        ("grpc_export", "failed", "the receiver closed the connection after 3 of 10 exports"),
        ("avx512_path", "skipped", "this CPU has no AVX-512"),
        ("sustained_load", "interrupted", None),
    ):
        made.append(named(suite, bench, []) | {"status": status, "reason": reason})
    return made


def hostile(make: Maker, suite: str) -> list[Json]:
    made = []
    for name in HOSTILE_NAMES:
        item = named(suite, name, []) | make.measured(120.0, "linear")
        item["tags"] = [name]
        item["counters"] = [{"name": name, "value": 1.5, "unit": name}]
        make.compare(item, 0.9)
        item["comparison"]["baseline"]["name"] = name
        made.append(item)
    for value in (1, 10, 100):
        for word in HOSTILE_NAMES[:4]:
            item = named(suite, HOSTILE_NAMES[0], [(HOSTILE_NAMES[4], value), (word, word)])
            made.append(item | make.measured(50.0 * value, "linear"))
    failed = named(suite, "broken", [])
    made.append(failed | {"status": "failed", "reason": "\n".join(HOSTILE_NAMES)})
    return made


def make_documents(benchmarks: int = 60, seed: int = 7, with_hostile: bool = False) -> list[Json]:
    """Documents with so many benchmarks in all; hostile names come in a suite of their own."""
    make = Maker(seed)
    documents: list[Json] = []
    left = benchmarks
    names = ("span_creation", "batching", "serialization", "simd", "compression", "resilience")
    while left > 0:
        round_number = len(documents) // len(names)
        suite = names[len(documents) % len(names)] + (f"_{round_number}" if round_number else "")
        items = (alone(make, suite) + swept(make, suite))[:left]
        documents.append(
            document(suite, sorted(items, key=lambda item: str(item["id"])), len(documents))
        )
        if any(item["bench"] == "attributes" for item in items):
            documents[-1]["complexity"] = [
                family(suite, "attributes", [0, 5, 10, 50, 100], "n", close=True),
                TOO_FEW | {"ids": [f"{suite}/strategy/hybrid"]},
            ]
        left -= len(items)
    if with_hostile:
        documents.append(
            document(HOSTILE_NAMES[0], hostile(make, HOSTILE_NAMES[0]), len(documents))
        )
        documents[-1]["environment"]["warnings"] = list(HOSTILE_NAMES)
        documents[-1]["host"]["cpu_model"] = HOSTILE_NAMES[-1]
        swept_ids = [item["id"] for item in documents[-1]["benchmarks"] if item["parameters"]]
        grown = family("", HOSTILE_NAMES[0], [1, 10, 100], "n") | {"ids": swept_ids}
        documents[-1]["complexity"] = [grown]
    return documents


def write_documents(folder: Path, documents: list[Json]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, item in enumerate(documents):
        name = item["suite"] if item["suite"].isidentifier() else f"suite-{number}"
        (folder / f"{name}.json").write_text(json.dumps(item), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--benchmarks", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--hostile", action="store_true")
    options = parser.parse_args()
    write_documents(
        options.folder, make_documents(options.benchmarks, options.seed, options.hostile)
    )


if __name__ == "__main__":
    main()
