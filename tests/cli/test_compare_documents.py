"""What a comparison writes, read by readers of others: JSON by the published schema, Markdown as
GitHub splits it, JUnit as XML. The comparisons are made up by the probe versus_documents."""

import copy
import html
import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from suite_program import BUILD, ROOT, Document, refuse_constant

NAMES = ("sample", "empty", "untrusted", "hostile", "many")
VALIDATOR = jsonschema.Draft202012Validator(
    json.loads((ROOT / "docs" / "compare.schema.json").read_text())
)
SAMPLE = ROOT / "tests" / "report" / "samples" / "compare.json"
# XML 1.0, production [2]: what no document may have.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Controls, and marks that turn the direction of writing.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffd]")
TAGS = ("code", "details", "summary")
CELL_CHARACTERS = 160


@pytest.fixture(name="folder", scope="module")
def make_documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    subprocess.run([BUILD / "probes" / "versus_documents", folder], check=True, timeout=60)
    return folder


def errors_in(document: Document) -> list[str]:
    return [
        f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in VALIDATOR.iter_errors(document)
    ]


def read(folder: Path, name: str) -> Document:
    text = (folder / f"{name}.json").read_text(encoding="utf-8")
    document: Document = json.loads(text, parse_constant=refuse_constant)
    return document


def outcome(benchmark: Document) -> str:
    if benchmark["status"] != "compared":
        return str(benchmark["status"])
    return "below_resolution" if benchmark["below_resolution"] else str(benchmark["verdict"])


# ---- JSON


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_accepts_what_is_written(folder: Path, name: str) -> None:
    document = read(folder, name)
    assert errors_in(document) == []
    counted = Counter(map(outcome, document["benchmarks"]))
    counts = document["counts"]
    assert counted == Counter({key: counts[key] for key in list(counts)[:9]})
    assert counts["only_old"] == len(document["only_old"])
    assert counts["only_new"] == len(document["only_new"])
    for benchmark in document["benchmarks"]:
        columns = benchmark.get("pairs", {}).values()
        assert len(set(map(len, columns))) <= 1


def test_the_sample_has_everything(folder: Path) -> None:
    document = read(folder, "sample")
    assert {outcome(b) for b in document["benchmarks"]} == set(list(document["counts"])[:9])
    ids = [b["id"] for b in document["benchmarks"]]
    assert ids == sorted(ids)
    assert {canary["slower"] for canary in document["canaries"]} == {False, True}


def test_the_stored_sample_is_this_one(folder: Path) -> None:
    """The report's tests read it; it is renewed by copying what the probe writes."""
    stored = read(SAMPLE.parent, SAMPLE.stem)
    assert errors_in(stored) == []
    fresh = read(folder, "sample")
    assert stored.keys() == fresh.keys()
    for old, new in zip(stored["benchmarks"], fresh["benchmarks"], strict=True):
        assert old.keys() == new.keys()
        assert (old["id"], outcome(old)) == (new["id"], outcome(new))
        if "effect_ratio" in old:
            assert old["effect_ratio"] == pytest.approx(new["effect_ratio"])


def drop(key: str) -> Callable[[Document], Any]:
    return lambda benchmark: benchmark.pop(key)


def put(key: str, value: Any) -> Callable[[Document], Any]:
    return lambda benchmark: benchmark.update({key: value})


@pytest.mark.parametrize(
    ("index", "damage"),
    [
        ("serialization/traces/direct/100", drop("verdict")),
        ("serialization/traces/direct/100", drop("pairs")),
        ("serialization/traces/direct/100", put("reason", "text")),
        ("serialization/traces/direct/100", put("pairs_needed", 3)),
        ("serialization/traces/direct/100", put("p_value", 1.5)),
        ("serialization/traces/direct/100", put("effect_ratio", {"point": 0.01})),
        ("serialization/traces/direct/100", put("verdict", "slower")),
        ("serialization/traces/direct/100", put("extra", 1)),
        ("network_io/grpc_export/100", put("reason", None)),
        ("network_io/grpc_export/100", put("verdict", "regressed")),
        ("span_creation/links/2", put("status", "same")),
        ("span_creation/links/2", put("status", "compared")),
    ],
)
def test_the_schema_refuses(folder: Path, index: str, damage: Callable[[Document], Any]) -> None:
    document = copy.deepcopy(read(folder, "sample"))
    damage(next(b for b in document["benchmarks"] if b["id"] == index))
    assert errors_in(document) != []


@pytest.mark.parametrize("key", ["schema", "trusted", "seed", "counts", "canaries", "settings"])
def test_the_schema_wants_every_member(folder: Path, key: str) -> None:
    document = read(folder, "sample")
    del document[key]
    assert errors_in(document) != []


# ---- Markdown


def markdown(folder: Path, name: str) -> str:
    return (folder / f"{name}.md").read_text(encoding="utf-8")


def shown(text: str) -> str:
    """A text of the JSON document as it is to be read in the comment."""
    seen = UNSEEN.sub("?", text)
    return seen if len(seen) <= CELL_CHARACTERS else seen[:CELL_CHARACTERS] + "..."


def tables(text: str) -> Iterator[list[list[str]]]:
    """The rows of each table, the head first, as GitHub splits them: at every pipe that has no
    backslash before it, and no text of ours has a backslash."""
    for block in re.split(r"\n\n", text):
        lines = [line for line in block.split("\n") if line.startswith("|")]
        if lines:
            yield [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]


def cell_text(cell: str) -> str:
    match = re.fullmatch("<code>(.*)</code>", cell)
    assert match, cell
    return html.unescape(match[1])


def rows(folder: Path, name: str) -> list[tuple[str, list[str]]]:
    found = []
    for table in tables(markdown(folder, name)):
        assert table[0][0] == "Benchmark"
        assert all(re.fullmatch("-+:?", cell) for cell in table[1])
        assert {len(row) for row in table} == {len(table[0])}
        found += [(cell_text(row[0]), row) for row in table[2:]]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_github_takes_the_comment(folder: Path, name: str) -> None:
    text = markdown(folder, name)
    assert 0 < len(text) < 65536
    assert text.startswith("### Assay: ")
    assert re.search(r"\n\nRepeat: <code>assay compare .* --seed \d+</code>\n\Z", text)
    assert not UNSEEN.search(text.replace("\n", ""))


@pytest.mark.parametrize("name", NAMES)
def test_no_text_breaks_out_of_its_place(folder: Path, name: str) -> None:
    text = markdown(folder, name).removeprefix("### ")
    without_intervals = re.sub(r"\[[-+.\d]+ \.\. [-+.\d]+\]", "", text)
    assert not set("\\`@[]~$") & set(without_intervals)
    assert not re.search(r"(?<!&)#|#(?!\d+;)", text)
    assert not re.search(r"://|www\.", text)
    assert set(re.findall("<([^>]*)>?", text)) <= {*TAGS, *(f"/{tag}" for tag in TAGS)}
    depth: list[str] = []
    for closing, tag in re.findall("<(/?)([a-z]+)>", text):
        if closing:
            assert depth.pop() == tag
        else:
            assert "code" not in depth
            depth.append(tag)
    assert depth == []
    assert not re.search("<code>[^<]*\n", text)


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_has_its_row(folder: Path, name: str) -> None:
    document = read(folder, name)
    found = Counter(title for title, _ in rows(folder, name))
    left_out = sum(map(int, re.findall(r"^\.\.\. and (\d+) more\.$", markdown(folder, name), re.M)))
    expected = Counter(shown(b["id"]) for b in document["benchmarks"])
    assert found <= expected
    assert (expected - found).total() == left_out
    assert (left_out > 0) == (name == "many")


def test_changed_ones_come_first_and_by_size(folder: Path) -> None:
    (changed, *_) = tables(markdown(folder, "many"))
    effects = [float(row[2].removesuffix(" %")) for row in changed[2:]]
    assert len(effects) > 50
    assert effects == sorted(effects, reverse=True)
    assert {row[1] for row in changed[2:]} == {"**regressed**"}


# ---- JUnit

ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {
        *("name", "tests", "failures", "errors", "skipped", "time"),
        *("timestamp", "hostname"),
    },
    "properties": set[str](),
    "property": {"name", "value"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set[str](),
}
CHILDREN = {
    "testsuites": "(testsuite )*",
    "testsuite": "properties (testcase )*",
    "properties": "(property )+",
    "testcase": "((failure|error|skipped) )?system-out ",
}
ELEMENT_OF = {
    "regressed": "failure",
    "failed": "failure",
    "inconclusive": "skipped",
    "below_resolution": "skipped",
    "skipped": "skipped",
    "untried": "skipped",
}


def junit(folder: Path, name: str) -> ElementTree.Element:
    return ElementTree.fromstring((folder / f"{name}.xml").read_bytes())


def total(element: ElementTree.Element) -> tuple[int, int, int, int]:
    cases = list(element.iter("testcase"))
    found = Counter(child.tag for case in cases for child in case)
    return len(cases), found["failure"], found["error"], found["skipped"]


@pytest.mark.parametrize("name", NAMES)
def test_junit_has_the_common_shape(folder: Path, name: str) -> None:
    root = junit(folder, name)
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        children = "".join(f"{child.tag} " for child in element)
        assert re.fullmatch(CHILDREN.get(element.tag, ""), children), (element.tag, children)
        if "time" in element.attrib:
            assert re.fullmatch(r"\d+\.\d{3}", element.attrib["time"])
    for element in [root, *root]:
        said = tuple(int(element.attrib[key]) for key in ("tests", "failures", "errors", "skipped"))
        assert said == total(element)
        times = sum(float(case.attrib["time"]) for case in element.iter("testcase"))
        assert float(element.attrib["time"]) == pytest.approx(times, abs=0.001 * (said[0] + 1))
    for suite in root:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])


@pytest.mark.parametrize("name", NAMES)
def test_junit_says_what_json_says(folder: Path, name: str) -> None:
    document = read(folder, name)
    suites = {suite.attrib["name"]: suite for suite in junit(folder, name)}
    canaries = suites.pop("assay canaries", None)
    expected: dict[str, list[tuple[str, str | None, str]]] = {}
    for benchmark in document["benchmarks"]:
        seconds = (
            len(benchmark["pairs"]["order"]) * benchmark["pair_s"] if "pairs" in benchmark else 0
        )
        expected.setdefault(xml_text(benchmark["suite"]), []).append(
            (xml_text(benchmark["id"]), element_of(benchmark), f"{seconds:.3f}")
        )
    found = {
        name: [
            (case.attrib["name"], verdict_element(case), case.attrib["time"])
            for case in suite.iter("testcase")
        ]
        for name, suite in suites.items()
    }
    assert found == expected
    misfired = [c["benchmark"]["id"] for c in document["canaries"] if c["misfired"]]
    cases = [] if canaries is None else list(canaries.iter("testcase"))
    assert [case.attrib["name"] for case in cases] == list(map(xml_text, misfired))
    assert {verdict_element(case) for case in cases} <= {"error"}


def element_of(benchmark: Document) -> str | None:
    beyond_gate = any(pair["failed"] for pair in benchmark.get("metrics", []))
    return "failure" if beyond_gate else ELEMENT_OF.get(outcome(benchmark))


def xml_text(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)


def verdict_element(case: ElementTree.Element) -> str | None:
    return None if case[0].tag == "system-out" else case[0].tag


# ---- Terminal


@pytest.mark.parametrize("name", NAMES)
def test_terminal_has_a_line_a_benchmark(folder: Path, name: str) -> None:
    document = read(folder, name)
    lines = (folder / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    for benchmark, line in zip(document["benchmarks"], lines, strict=False):
        assert line.startswith(UNSEEN.sub("?", benchmark["id"]))
        assert outcome(benchmark).replace("_", " ") in line
    assert not UNSEEN.search("".join(lines))
    assert lines[-1] == ""
    assert re.match(r"\d+ regressed, \d+ improved, ", lines[-2])
