"""Instructions under valgrind: exact, the same whatever surrounds the program, and never a failure."""

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from compare_program import Contest, contests
from suite_program import BUILD, ROOT, Bench, Run, by_id, refuse_constant, wait_until

SCHEMA = json.loads((ROOT / "docs" / "instructions.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
COUNTED = str(BUILD / "probes" / "counted")

pytestmark = pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not here")


@pytest.fixture(name="contest")
def make_contest(tmp_path: Path) -> Iterator[Contest]:
    yield from contests(tmp_path / "work")


def count(bench: Bench, *arguments: str, out: str = "out", **more: Any) -> Run:
    return bench.run("assay", "instructions", *arguments, "--out", out, timeout=120, **more)


def counts_of(bench: Bench, out: str = "out") -> dict[str, Any]:
    """By id without the suite; the document is what its schema says."""
    text = (bench.folder / out / "instructions.json").read_text()
    document = json.loads(text, parse_constant=refuse_constant)
    VALIDATOR.validate(document)
    return by_id(document)


def exact(benchmark: dict[str, Any]) -> float:
    figures = benchmark["new"]
    assert figures["state"] == "measured"
    assert figures["lower"] == figures["upper"] == figures["instructions"]
    found: float = figures["instructions"]
    return found


def test_kernels_have_the_instructions_that_they_have(bench: Bench) -> None:
    run = count(bench, COUNTED, "nops|nothing|adds/1$|adds/100$|threads|batches|pauses|changes")
    assert run.status == 0, run
    found = {name: exact(benchmark) for name, benchmark in counts_of(bench).items()}
    assert (found["nops/10"], found["nops/11"]) == (10, 11), "one instruction more is one more"
    assert found["nothing"] == 0, "the loop and the harness are not the kernel's"
    assert found["adds/100"] - found["adds/1"] == 99 * 3
    assert {found[f"threads/threads:{n}"] for n in (1, 2, 3)} == {50}
    assert (found["batches/yes"], found["batches/no"]) == (0, 100)
    # How a compiler keeps the counter across a call may differ by an instruction.
    assert abs(found["pauses/yes"]) <= 1 and abs(found["pauses/no"] - 100) <= 1
    assert found["changes_folder"] == 10


def test_ten_runs_give_the_same_count_whatever_surrounds_them(bench: Bench) -> None:
    ids = "copy_heap|copy_stack|place_on_stack"
    found = set()
    for turn in range(10):
        bench.env["PADDING"] = "x" * (turn * 331)
        folder = bench.folder / ("d" * (turn + 1))
        folder.mkdir()
        run = count(bench, COUNTED, ids, "--iterations", "50", out=str(folder), cwd=folder)
        assert run.status == 0, run
        counts = counts_of(bench, str(folder))
        found.add(tuple(exact(benchmark) for _, benchmark in sorted(counts.items())))
    assert len(found) == 1 and len(found.pop()) == 3


def test_layout_does_not_change_it(bench: Bench) -> None:
    """Two links of the same objects, the second behind code that moves them."""
    (bench.folder / "pad.c").write_text("int pad(int x) { return x * 3 + 1; }\n")
    source = str(ROOT / "tests" / "probes" / "counted.c")
    library = str(BUILD / "lib" / "libassay.a")
    found = []
    variants: dict[str, list[str]] = {"plain": [], "moved": ["pad.c"]}
    for name, before in variants.items():
        line = ["cc", "-O2", f"-I{ROOT}/framework", f"-I{ROOT}", *before, source, library]
        line += ["-Wl,-Ttext-segment=0x600000", "-no-pie"] if before else []
        line += ["-ljansson", "-lm", "-pthread", "-ldl", "-o", name]
        subprocess.run(line, cwd=bench.folder, check=True, timeout=60)
        run = count(bench, f"./{name}", "adds/100$|nops|copy_heap", out=f"of_{name}")
        assert run.status == 0, run
        counts = counts_of(bench, f"of_{name}")
        found.append({key: exact(benchmark) for key, benchmark in counts.items()})
    assert found[0] == found[1] and len(found[0]) == 4


def test_cold_caches_change_no_count(bench: Bench) -> None:
    run = count(bench, str(BUILD / "probes" / "setups"), "chase_")
    assert run.status == 0, run
    counts = counts_of(bench)
    assert len({exact(benchmark) for benchmark in counts.values()}) == 1 and len(counts) == 3


def test_what_varies_is_not_called_exact(bench: Bench) -> None:
    assert count(bench, COUNTED, "varies").status == 0
    figures = counts_of(bench)["varies"]["new"]
    assert figures["lower"] < figures["instructions"] < figures["upper"]


def two_sides(bench: Bench) -> None:
    for side in ("old", "new"):
        (bench.folder / side).mkdir()
        shutil.copy2(COUNTED, bench.folder / side / "counted")
    (bench.folder / "new" / "counted.more").touch()


def test_more_work_is_told_and_gated_on_demand(bench: Bench) -> None:
    two_sides(bench)
    sides = ("new/counted", "--against", "old/counted", "told$|nops/10")
    run = count(bench, *sides)
    assert run.status == 0, run
    assert re.search(r"told +10 -> 11 +\+1 \(\+10.0 %\) +more work$", run.out, re.M)
    assert "nops/10" not in run.out, "what did not change is not listed"
    told = counts_of(bench)["told"]
    assert (told["work"], told["difference_instructions"]) == ("more", 1)
    assert count(bench, *sides, "--all").out.count("nops/10") == 1
    run = count(bench, *sides, "--gate", "5%")
    assert run.status == 1 and "beyond the gate" in run.out
    assert count(bench, *sides, "--gate", "20%").status == 0


@pytest.mark.parametrize(
    "name, reason",
    [
        ("avx512", "an instruction that valgrind does not know"),
        ("crashes", "signal 6"),
        ("fails", "it failed on purpose"),
        ("skips", "it has nothing to do here"),
    ],
)
def test_what_cannot_be_counted_says_why(bench: Bench, name: str, reason: str) -> None:
    run = count(bench, COUNTED, f"{name}|nops/10")
    counts = counts_of(bench)
    assert reason in counts[name]["new"]["reason"], run
    assert counts[name]["new"]["instructions"] is None
    assert exact(counts["nops/10"]) == 10
    assert run.status == 0, "what cannot be counted is an error only where a gate needs the count"


def test_a_gate_needs_every_count(bench: Bench) -> None:
    two_sides(bench)
    sides = ("new/counted", "--against", "old/counted", "fails|nops/10", "--gate", "5%")
    assert count(bench, *sides).status == 5


def fake_valgrind(bench: Bench, text: str) -> None:
    tools = bench.folder / "tools"
    tools.mkdir()
    program = tools / "valgrind"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    bench.env["PATH"] = f"{tools}:/usr/bin:/bin"


@pytest.mark.parametrize("text", ["echo broken >&2; exit 3", "exit 0", "sleep 100", "kill -9 $$"])
def test_a_broken_valgrind_is_a_reason_and_no_failure(bench: Bench, text: str) -> None:
    fake_valgrind(bench, text)
    run = bench.run("counted", "nops/10", "--count-instructions", "--max-time", "2", timeout=60)
    assert run.status == 0, run
    (benchmark,) = by_id(bench.result("counted")).values()
    (metric,) = [m for m in benchmark["metrics"] if m["source"] == "valgrind"]
    assert metric["state"] == "unavailable" and metric["value"] is None and metric["reason"]
    assert benchmark["estimates"]["lowmean_ns"]["point"] > 0


def test_counts_that_were_not_written_are_a_reason(bench: Bench) -> None:
    """As when the disk is full: the dumps are not where they should be."""
    fake_valgrind(bench, 'exec /usr/bin/valgrind "$@"')
    program = bench.folder / "tools" / "valgrind"
    # Each word that names the file gives way to one that names another.
    program.write_text(
        "#!/bin/bash\nwords=()\n"
        'for word in "$@"; do words+=("${word/\\/counts/\\/elsewhere}"); done\n'
        f'exec {shutil.which("valgrind")} "${{words[@]}}"\n'
    )
    run = count(bench, COUNTED, "nops/10")
    assert run.status == 4, run
    assert "missing or cut off" in counts_of(bench)["nops/10"]["new"]["reason"]


def test_a_program_that_valgrind_does_not_run_is_told(bench: Bench) -> None:
    fake_valgrind(bench, 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"')
    run = count(bench, COUNTED, "nops/10")
    assert run.status == 4 and "was not started by valgrind" in run.err, run


def test_a_suite_built_without_the_headers_says_so(bench: Bench) -> None:
    source = str(ROOT / "framework" / "src" / "measure" / "callgrind.c")
    line = ["cc", "-O2", "-D_GNU_SOURCE", f"-I{ROOT}/framework", f"-I{ROOT}/framework/src"]
    line += ["-DASSAY_NO_VALGRIND", str(ROOT / "tests" / "probes" / "counted.c"), source]
    line += [
        str(BUILD / "lib" / "libassay.a"),
        "-ljansson",
        "-lm",
        "-pthread",
        "-ldl",
        "-o",
        "bare",
    ]
    subprocess.run(line, cwd=bench.folder, check=True, timeout=60)
    run = count(bench, "./bare", "nops/10")
    assert run.status == 4, run
    assert "valgrind's headers were not installed" in counts_of(bench)["nops/10"]["new"]["reason"]


def test_an_older_executable_is_told(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    program = contest.folder / "old" / "contender"
    program.write_bytes(program.read_bytes().replace(b"probes\0", b"prober\0"))
    run = count(contest.bench, "new/contender", "--against", "old/contender")
    assert run.status == 4 and "built with an older Assay" in run.err, run


def test_what_hangs_is_ended(bench: Bench) -> None:
    run = count(bench, COUNTED, "hangs", "--max-time", "1")
    assert run.status == 4 and "did not end within 1 s" in run.err, run
    assert bench.processes() == []


def test_an_interruption_leaves_nothing_behind(bench: Bench) -> None:
    temporary = bench.folder / "temporary"
    temporary.mkdir()
    bench.env["TMPDIR"] = str(temporary)
    with bench.start("assay", "instructions", COUNTED, "hangs", "--out", "out") as process:
        assert wait_until(lambda: list(temporary.glob("assay-counts-*")) != [], 60)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert list(temporary.glob("assay-*")) == []
    assert bench.processes() == []
    text = (bench.folder / "out" / "instructions.json").read_text()
    assert json.loads(text)["complete"] is False


def test_a_temporary_folder_that_cannot_be_made_is_told(bench: Bench) -> None:
    bench.env["TMPDIR"] = str(bench.folder / "nowhere")
    run = count(bench, COUNTED, "nops/10")
    assert run.status == 4 and "no temporary folder" in run.err, run


def test_options_that_mean_nothing_are_refused(bench: Bench) -> None:
    for words in ((), (COUNTED, "--gate", "0"), (COUNTED, "--exact"), (COUNTED, "no_such")):
        run = count(bench, *words)
        assert run.status == 2 and run.err.count("\n") == 1, run
        assert not (bench.folder / "out").exists()


def test_without_valgrind_the_run_goes_on(bench: Bench) -> None:
    empty = bench.folder / "empty"
    empty.mkdir()
    bench.env["PATH"] = str(empty)
    run = bench.run("counted", "nops", "--count-instructions")
    assert run.status == 0, run
    assert run.err.count("valgrind is not installed") == 1
    for benchmark in by_id(bench.result("counted")).values():
        (metric,) = [m for m in benchmark["metrics"] if m["source"] == "valgrind"]
        assert "valgrind is not installed" in metric["reason"] and metric["value"] is None
    run = count(bench, COUNTED, "nops")
    assert run.status == 4 and "valgrind is not installed" in run.err


def test_a_run_counts_after_its_samples(bench: Bench) -> None:
    run = bench.run("counted", "nops", "--count-instructions", "--quiet")
    assert run.status == 0, run
    assert [line.split("  ")[-1].strip() for line in run.lines()[:2]] == [
        "10 instructions",
        "11 instructions",
    ]
    benchmarks = by_id(bench.result("counted"))
    values = {m["name"]: m["value"] for m in benchmarks["nops/11"]["metrics"]}
    assert values["instructions"] == 11 and values["loop_instructions"] > 0


def test_comparisons_have_a_second_witness(contest: Contest) -> None:
    contest.sides(["plain\tsame", "plain\tmore"], ["plain\tsame", "slower\tmore"])
    aside = ("--guard", "90%", "--margin", "99%", "--gate", "instructions=0")
    run = contest.compare("--count-instructions", *aside)
    assert run.status == 1, run
    benchmarks = contest.benchmarks()
    assert benchmarks["more"]["work"] == "more" and benchmarks["same"]["work"] == "same"
    line = next(line for line in run.lines() if line.startswith("contender/more"))
    assert line.endswith(": more work, beyond its gate"), line


def test_damaged_output_folder_is_told(bench: Bench) -> None:
    (bench.folder / "out").write_text("a file where a folder should be")
    run = count(bench, COUNTED, "nops/10")
    assert run.status == 4 and "out" in run.err
