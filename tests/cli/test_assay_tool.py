"""The assay tool: baselines and analysing again."""

import json
from pathlib import Path

import pytest
from suite_program import Bench, Run, assert_one_line, tree, write_json, write_scaled


def assay(bench: Bench, *arguments: str) -> Run:
    return bench.run("assay", *arguments)


def store(bench: Bench, document: bytes, *names: str) -> None:
    for name in names:
        write_scaled(document, bench.baseline("good", name), 1)


def test_help_and_version(bench: Bench) -> None:
    run = assay(bench, "--help")
    assert (run.status, run.err) == (0, "")
    for word in ("baseline list", "baseline remove", "reanalyse", "--baselines-dir"):
        assert word in run.out
    assert assay(bench, "--version").out == bench.run("good", "--version").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["--help"]),
        (["frobnicate"], ["frobnicate", "--help"]),
        (["baseline"], ["baseline", "--help"]),
        (["baseline", "lst"], ["baseline lst", "baseline list"]),
        (["reanalyze", "file"], ["reanalyze", "reanalyse"]),
        (["baseline", "list", "extra"], ["baseline list"]),
        (["baseline", "remove"], ["baseline remove NAME"]),
        (["baseline", "remove", "a", "b"], ["baseline remove NAME"]),
        (["reanalyse"], ["reanalyse FILE"]),
        (["baseline", "list", "--baselines-dir"], ["--baselines-dir"]),
        (["baseline", "list", "--frob"], ["--frob"]),
        (["baseline", "list", *["x"] * 20], ["baseline list"]),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_a_wrong_command_line(bench: Bench, arguments: list[str], words: list[str]) -> None:
    assert_one_line(assay(bench, *arguments), 2, *words)


def test_list_without_baselines(bench: Bench) -> None:
    assert assay(bench, "baseline", "list") == Run(0, "", "")


def test_list_has_a_line_a_suite(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "main", "older")
    other = json.loads(good_document)
    other["suite"] = "other"
    write_json(bench.baseline("other"), other)
    (bench.folder / "baselines" / "README").write_text("not a baseline\n")
    (bench.folder / "baselines" / "main" / "good.json.tmp.1").write_text("{")
    run = assay(bench, "baseline", "list")
    assert (run.status, run.err) == (0, "")
    assert [line.split()[:2] for line in run.lines()] == [
        ["main", "good"],
        ["main", "other"],
        ["older", "good"],
    ]
    for line in run.lines():
        assert "4 benchmarks" in line
        assert other["started_utc"] in line


def test_list_tells_a_broken_baseline(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "main", "broken")
    bench.baseline("good", "broken").write_bytes(good_document[:3000])
    run = assay(bench, "baseline", "list")
    assert run.status == 0
    broken, whole = run.lines()
    assert broken.startswith("broken ") and "broken: " in broken
    assert whole.startswith("main ")


def test_list_of_another_folder(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "main")
    (bench.folder / "baselines").rename(bench.folder / "kept here")
    for arguments in (
        ("baseline", "list", "--baselines-dir", "kept here"),
        ("--baselines-dir", "kept here", "baseline", "list"),
        ("baseline", "list", "--baselines-dir=kept here"),
    ):
        run = assay(bench, *arguments)
        assert (run.status, len(run.lines())) == (0, 1), run


def test_list_of_a_file(bench: Bench) -> None:
    (bench.folder / "baselines").write_text("")
    assert_one_line(assay(bench, "baseline", "list"), 4, "baselines", "Not a directory")


def test_remove_takes_one_and_leaves_the_others(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "main", "older")
    (bench.folder / "baselines" / "main" / "good.json.tmp.1").write_text("{")
    assert assay(bench, "baseline", "remove", "main") == Run(0, "", "")
    assert sorted(tree(bench.folder)) == [
        "baselines",
        "baselines/older",
        "baselines/older/good.json",
    ]
    assert_one_line(assay(bench, "baseline", "remove", "main"), 4, "main")


@pytest.mark.parametrize("name", ["..", ".", "../work", "", "-x", "main/../older", "a" * 65])
def test_remove_refuses_what_is_no_name(bench: Bench, good_document: bytes, name: str) -> None:
    store(bench, good_document, "main", "older")
    before = tree(bench.folder)
    assert_one_line(assay(bench, "baseline", "remove", name), 2)
    assert tree(bench.folder) == before


def test_remove_does_not_follow_links(bench: Bench, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("")
    main = bench.folder / "baselines" / "main"
    main.mkdir(parents=True)
    (main / "link").symlink_to(outside)
    (bench.folder / "baselines" / "linked").symlink_to(outside)
    assert assay(bench, "baseline", "remove", "linked").status == 4
    assert assay(bench, "baseline", "remove", "main").status == 0
    assert (outside / "precious").exists()


@pytest.mark.parametrize("suite", ["good", "bad", "kernels", "skipping", "growth"])
def test_reanalysing_gives_the_same_bytes(bench: Bench, suite: str) -> None:
    bench.run(suite, "--skip", "endless")
    document = (bench.folder / "results" / "latest" / f"{suite}.json").read_bytes()
    run = assay(bench, "reanalyse", f"results/latest/{suite}.json")
    assert (run.status, run.err) == (0, "")
    assert run.out.encode() == document


def test_reanalysing_a_comparison_gives_the_same_bytes(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "main")
    bench.run("good", "plain", "copy", "--baseline", "main")
    document = (bench.folder / "results" / "latest" / "good.json").read_bytes()
    assert b'"verdict"' in document
    assert assay(bench, "reanalyse", "results/latest/good.json").out.encode() == document


def test_reanalysing_an_interrupted_run(bench: Bench, good_document: bytes) -> None:
    document = json.loads(good_document)
    document["complete"] = False
    last = document["benchmarks"][-1]
    kept = ("id", "bench", "parameters", "threads", "tags")
    document["benchmarks"][-1] = {
        **{key: last[key] for key in kept},
        **{"status": "interrupted", "reason": "the run was interrupted"},
    }
    write_json(bench.folder / "half.json", document)
    run = assay(bench, "reanalyse", "half.json")
    assert run.status == 0, run
    assert json.loads(run.out) == document


def test_reanalysing_what_is_no_result(bench: Bench, good_document: bytes) -> None:
    assert_one_line(assay(bench, "reanalyse", "missing.json"), 4, "missing.json", "No such file")
    (bench.folder / "half.json").write_bytes(good_document[:2000])
    assert_one_line(assay(bench, "reanalyse", "half.json"), 4, "half.json")
    assert_one_line(assay(bench, "reanalyse", "."), 4)


@pytest.mark.parametrize("arguments", [["--help"], ["baseline", "list"]])
def test_a_full_standard_output_is_said(
    bench: Bench, good_document: bytes, arguments: list[str]
) -> None:
    store(bench, good_document, "main")
    with open("/dev/full", "wb") as full:
        run = bench.run("assay", *arguments, stdout=full)
    assert run == Run(4, "", "assay: standard output could not be written\n")
