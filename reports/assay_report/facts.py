"""What is known about a run: said once where all suites agree, with the suite where they differ."""

from __future__ import annotations

from dataclasses import dataclass

from . import words
from .model import Suite
from .schema import Json
from .units import (
    bytes_text,
    fixed,
    frequency_text,
    interval_text,
    percent,
    time_text,
    time_unit,
    visible,
)
from .words import count_of

Fact = tuple[str, str]


def duration_text(seconds: float) -> str:
    """Seconds as a person says them: 42 s, 3 min 20 s, 1 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{fixed(seconds, 1 if seconds < 10 else 0)} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def commit_text(document: Json) -> str:
    commit = document["commit"]
    if commit is None:
        return "not under version control"
    return visible(commit["id"][:12]) + (", with uncommitted changes" if commit["dirty"] else "")


def _loop_text(document: Json) -> str:
    loop = document["loop_ns"]
    if loop is None:
        return "not measured"
    text = interval_text(loop["point"], loop["lower"], loop["upper"], time_unit(loop["point"]))
    return f"{text.point} {text.unit} an iteration ({text.lower} to {text.upper})"


def _cpu_text(host: Json) -> str:
    caches = ", ".join(
        f"L{cache['level']} {visible(cache['type'])} {bytes_text(cache['size_bytes'])}"
        for cache in host["caches"]
    )
    text = f"{visible(host['cpu_model'])}, {count_of(host['cpus'], 'CPU')}"
    return f"{text}; {caches}" if caches else text


def moment_text(utc: str) -> str:
    """A time stamp of a document as a person reads it."""
    return visible(utc).replace("T", " ").replace("Z", " UTC")


def machine_facts(host: Json, clock: Json) -> list[Fact]:
    """What measured, and with which clock."""
    kind = "virtual machine" if host["virtual"] else "not a virtual machine"
    return [
        ("Host", f"{visible(host['name'])}, {kind}"),
        ("CPU", _cpu_text(host)),
        ("Memory", bytes_text(host["memory_bytes"])),
        ("System", visible(f"{host['os']}, kernel {host['kernel']}, {host['architecture']}")),
        ("Clock", _clock_text(clock)),
    ]


def facts_of(document: Json) -> list[Fact]:
    """Everything about a run that a reader needs to judge or repeat it."""
    build = document["build"]
    return [
        ("Started", moment_text(document["started_utc"])),
        ("Took", duration_text(document["duration_s"])),
        ("Commit", commit_text(document)),
        ("Compiler", visible(build["compiler"])),
        ("Flags", visible(build["flags"] or "not recorded")),
        ("Variant", visible(build["variant"] or "not recorded")),
        *machine_facts(document["host"], document["clock"]),
        ("Empty loop", _loop_text(document)),
        ("Method", f"version {document['method']}, Assay {visible(document['tool']['version'])}"),
        ("Seed", str(document["seed"])),
    ]


def _clock_text(clock: Json) -> str:
    name = "time stamp counter" if clock["source"] == "tsc" else "clock_gettime, monotonic"
    resolution, cost = time_text(clock["resolution_ns"]), time_text(clock["cost_ns"])
    return (
        f"{name}, {frequency_text(clock['frequency_hz'])}, resolution {resolution}, "
        f"cost of a start and stop {cost}"
    )


def settings_of(document: Json) -> list[Fact]:
    return [
        (visible(str(key)), _setting_text(value)) for key, value in document["settings"].items()
    ]


def _setting_text(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_setting_text, value)) or "none"
    return visible(str(value)) or "empty"


def split_common(lists: list[list[Fact]]) -> tuple[list[Fact], list[list[Fact]]]:
    """The facts that all lists share, and for each list what it has beyond them."""
    common = [fact for fact in lists[0] if all(fact in other for other in lists[1:])]
    return common, [[fact for fact in facts if fact not in common] for facts in lists]


@dataclass(frozen=True)
class Stability:
    """How steady the machine was: the grade ("" when it was too short to tell), and for whom."""

    grade: str
    meaning: str
    detail: str
    suite: str

    @property
    def is_bad(self) -> bool:
        return self.grade in ("D", "E")


def stability_of(suites: list[Suite]) -> list[Stability]:
    """The grades of the suites, the worst first; older documents have none."""
    graded: list[Stability] = []
    for suite in suites:
        data = suite.document["environment"].get("stability")
        if data is None:
            continue
        grade = data["grade"] or ""
        meaning = words.STABILITY.get(grade, "Not graded: too short to tell how steady it was")
        graded.append(Stability(grade, meaning, _stability_text(data), suite.name))
    return sorted(graded, key=lambda item: item.grade, reverse=True)


def _stability_text(data: Json) -> str:
    seen = f"{count_of(data['observations'], 'observation')} in {duration_text(data['seconds'])}"
    if data["grade"] is None:
        return seen
    return (
        f"{seen}: {percent(data['slowed_share'])} slowed by more than 3\u202f%, "
        f"{percent(data['slowed_10_share'])} by more than 10\u202f%; the level moved by "
        f"{percent(data['variation'])}; {percent(data['steal_share'])} of the CPU time was stolen; "
        f"the CPU was taken away {fixed(data['switches_per_s'], 1)} times a second of its own"
    )


def warnings_of(suites: list[Suite]) -> list[tuple[str, str]]:
    """Each warning once, with the suites that gave it (empty when all did)."""
    owners: dict[str, list[str]] = {}
    for suite in suites:
        for warning in suite_warnings(suite.document):
            owners.setdefault(warning, []).append(suite.name)
    return [
        (warning, "" if len(names) == len(suites) else ", ".join(names))
        for warning, names in owners.items()
    ]


def suite_warnings(document: Json) -> list[str]:
    warnings = [visible(warning) for warning in document["environment"]["warnings"]]
    if not document["build"]["optimised"]:
        warnings.append("The suite was compiled without optimisation; its figures say little.")
    if not document["complete"]:
        warnings.append("The run was interrupted; some benchmarks were not measured.")
    return list(dict.fromkeys(warnings))
