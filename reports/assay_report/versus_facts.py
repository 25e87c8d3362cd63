"""What is known about a comparison: its sides, the machine, the settings, and how to repeat it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .facts import Fact, duration_text, machine_facts, moment_text
from .schema import Json
from .units import percent, shell_word, short_percent, time_text, visible
from .versus_model import Entry, Finding, Side, Versus
from .words import count_of

NOISY = 0.05
"""Part of the slices from which on a machine is called noisy."""


@dataclass(frozen=True)
class SideFact:
    name: str
    text: str
    differs: bool


def commit_text(side: Side) -> str:
    commit, dirty = side.document["commit"], side.document["dirty"]
    text = visible(commit) if commit else "not known"
    return f"{text}, with uncommitted changes" if dirty else text


def sides_of(versus: Versus) -> list[tuple[str, Side, list[SideFact]]]:
    """The old and the new side; marked where what must be the same is not."""
    sides = (("Old", versus.old, versus.new), ("New", versus.new, versus.old))
    return [(role, side, _side_facts(side, other)) for role, side, other in sides]


def _side_facts(side: Side, other: Side) -> list[SideFact]:
    facts = [
        SideFact("Commit", commit_text(side), False),
        SideFact("Path", visible(side.document["path"]), False),
    ]
    for key, name in (("compiler", "Compiler"), ("flags", "Flags"), ("variant", "Variant")):
        text = side.build[key]
        facts.append(
            SideFact(name, visible(text or "not recorded"), bool(text != other.build[key]))
        )
    return facts


def warnings_of(versus: Versus) -> list[str]:
    warnings = [visible(warning) for warning in versus.document["warnings"]]
    if versus.old.build["compiler"] != versus.new.build["compiler"]:
        warnings.append("The sides were built by different compilers.")
    if versus.old.build["flags"] != versus.new.build["flags"]:
        warnings.append("The sides were built with different flags.")
    return list(dict.fromkeys(warnings))


def run_facts(versus: Versus) -> list[Fact]:
    document = versus.document
    disturbed = document["disturbed_ratio"]
    kind, share = "quiet" if disturbed < NOISY else "noisy", percent(disturbed)
    return [
        ("Started", moment_text(document["started_utc"])),
        ("Took", duration_text(document["duration_s"])),
        ("Machine was", f"{kind}: {share} of the slices disturbed"),
        ("Seed", str(int(document["seed"]))),
        *machine_facts(document["host"], document["clock"]),
        ("Method", f"version {document['method']}, Assay {visible(document['tool']['version'])}"),
    ]


def settings_of(versus: Versus) -> list[Fact]:
    settings = versus.document["settings"]
    cpu, layouts, budget = settings["cpu"], settings["layouts"], settings["time_budget_s"]
    facts = [
        ("Guard", f"{short_percent(versus.guard)}: a change must be beyond it to be called"),
        ("Margin", f"{short_percent(versus.margin)}: a change shown to be smaller is none"),
        ("Confidence", f"{short_percent(versus.confidence)} for every interval"),
        (
            "False alarms",
            f"{short_percent(settings['false_alarm_rate'])}: chance of any false \u201cregressed\u201d in "
            "the whole comparison",
        ),
        ("Screen", f"{count_of(settings['screen_pairs'], 'pair')} for every benchmark"),
        (
            "Second stage",
            f"up to {count_of(settings['confirm_pairs'], 'fresh pair')} for each suspected one",
        ),
        (
            "Pair",
            f"{time_text(settings['pair_ns'])} in slices of {time_text(settings['slice_ns'])}",
        ),
        ("Layouts", f"{layouts} of each side" if layouts else "a single one"),
        ("CPU", "not pinned" if cpu is None else f"both sides on CPU {cpu}"),
        ("Time budget", "none" if budget is None else duration_text(budget)),
        ("Identical code", "not run" if settings["skip_identical"] else "run"),
    ]
    if "shared_addresses" in settings:
        shared = settings["shared_addresses"]
        facts.append(
            ("Addresses", "shared where that repeats better" if shared else "each side its own")
        )
    if "fresh_copies" in settings:
        fresh = settings["fresh_copies"]
        facts.append(("Executables", "fresh copies for each pair" if fresh else "run in place"))
    return facts


def _number(value: float) -> str:
    return f"{value:.12g}"


def repeat_command(versus: Versus, entry: Entry | None) -> str:
    """The command that compares again: one benchmark alone, or what was compared then."""
    document, settings = versus.document, versus.document["settings"]
    parts = ["assay", "compare", *(shell_word(side["path"]) for side in _sides(document))]
    if entry is not None:
        parts += [shell_word(entry.raw_id), "--exact"]
    parts += ["--seed", str(int(document["seed"]))]
    parts += ["--pairs", str(settings["screen_pairs"])]
    parts += ["--confirm-pairs", str(settings["confirm_pairs"])]
    parts += ["--pair-time", f"{_number(settings['pair_ns'] / 1e6)}ms"]
    parts += ["--slice-time", f"{_number(settings['slice_ns'] / 1e6)}ms"]
    for option, key in (
        ("--guard", "guard_ratio"),
        ("--margin", "margin_ratio"),
        ("--false-alarms", "false_alarm_rate"),
        ("--confidence-level", "confidence_level"),
    ):
        parts += [option, _number(settings[key])]
    if settings["cpu"] is not None:
        parts += ["--pin", str(settings["cpu"])]
    if settings["layouts"]:
        parts += ["--layouts", str(settings["layouts"])]
    if settings["time_budget_s"] is not None and entry is None:
        parts += ["--time-budget", _number(settings["time_budget_s"])]
    if settings["skip_identical"] and entry is None:
        parts.append("--skip-identical")
    if not settings.get("shared_addresses", True):
        parts.append("--own-addresses")
    for side, name in zip(("old", "new"), _sides(document)):
        if name["name"] != name["path"]:
            parts += [f"--{side}-name", shell_word(name["name"])]
    return " ".join(parts)


def _sides(document: Json) -> tuple[Json, Json]:
    return document["old"], document["new"]


def pair_facts(finding: Finding) -> list[Fact]:
    """How the pairs of one benchmark were taken."""
    pairs = finding.pairs
    fresh = sum(pairs.confirming)
    slices, dropped = int(sum(pairs.slices)), int(sum(pairs.dropped))
    share = percent(dropped / slices) if slices and dropped else "none"
    facts = [
        ("Screen", count_of(pairs.screening, "pair")),
        ("Second stage", count_of(fresh, "fresh pair") if fresh else "none"),
        ("Old set up first", f"in {sum(pairs.old_first)} of {count_of(len(pairs), 'pair')}"),
        ("Addresses", _addresses_text(pairs.shared_addresses)),
        ("Slices", f"{count_of(slices, 'slice')} a side, {share} of them disturbed and left out"),
        ("Iterations", f"{count_of(int(finding.iterations_per_slice), 'iteration')} a slice"),
        ("Time of a pair", time_text(finding.pair_s * 1e9)),
    ]
    if any(pairs.old_layout) or any(pairs.new_layout):
        drawn = len(set(pairs.old_layout)), len(set(pairs.new_layout))
        facts.append(("Link layouts", f"{drawn[0]} of the old side, {drawn[1]} of the new"))
    return facts


def _addresses_text(shared: list[bool]) -> str:
    if all(shared):
        return "the same on both sides" if shared else "none drawn"
    if not any(shared):
        return "each side its own"
    return f"the same on both sides in {sum(shared)} of {count_of(len(shared), 'pair')}"


def counts_of(versus: Versus) -> Counter[str]:
    """How many benchmarks ended as what; "tail" counts some of them again."""
    counts: Counter[str] = Counter(entry.outcome for entry in versus.entries)
    counts["gate"] = sum(entry.beyond_gate for entry in versus.entries)
    counts["tail"] = sum(
        entry.finding is not None and entry.finding.tail_slower for entry in versus.entries
    )
    counts["moved"] = sum(
        entry.finding is not None and entry.finding.layout_alone for entry in versus.entries
    )
    counts["compared"] = sum(entry.finding is not None for entry in versus.entries)
    return counts


def summary_of(versus: Versus) -> str:
    """The counts in a line."""
    counts = counts_of(versus)
    named = [("regressed", True), ("improved", True), ("inconclusive", True), ("unchanged", True)]
    named += [(name, False) for name in ("below resolution", "failed", "untried")]
    return ", ".join(f"{counts[name]} {name}" for name, always in named if always or counts[name])
