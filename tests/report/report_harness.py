"""What the tests of the report share: running it, and reading what it wrote."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import make_results

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "reports" / "report.py"
SCHEMA = json.loads((ROOT / "docs" / "result.schema.json").read_text(encoding="utf-8"))

Json = dict[str, Any]


def run_report(
    *arguments: str | Path,
    path: str | None = None,
    limit: int | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs the program; `path` replaces PATH, `limit` bounds the size of any file it writes."""
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    if path is not None:
        environment["PATH"] = path

    def prepare() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, str(REPORT), *map(str, arguments)],
        capture_output=True, text=True, env=environment, preexec_fn=prepare, cwd=cwd, timeout=120,
    )  # fmt: skip


_GLUE = "\N{WORD JOINER}"


class Page(HTMLParser):
    """What a test wants to know of a page: links, ids, elements, text, headings."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    @property
    def text(self) -> str:
        """All text, with every kind of space as one plain space."""
        return " ".join(" ".join(self.words).split()).replace(f" {_GLUE} ", "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "wbr":
            self.words.append(_GLUE)
        self.links += [value for key in ("href", "src") if (value := attributes.get(key))]
        if attributes.get("id"):
            assert attributes["id"] not in self.ids, "an id occurs twice"
            self.ids.add(str(attributes["id"]))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def pages_of(out: Path) -> dict[Path, Page]:
    return {file: Page(file) for file in sorted(out.rglob("*.html"))}


def page_for(out: Path, wanted: str) -> Page:
    """The page whose heading is this id."""
    for file in sorted((out / "b").iterdir()):
        page = Page(file)
        if f" {wanted}: Benchmark report " in f" {page.text} ":
            return page
    raise AssertionError(f"no page for {wanted}")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def write_one(folder: Path, benchmarks: list[Json]) -> Path:
    make_results.write_documents(folder, [make_results.document("suite", benchmarks, 0)])
    return folder


def one_benchmark() -> Json:
    item: Json = make_results.named("suite", "bench", [])
    item |= make_results.Maker(3).measured(100.0, "linear")
    return item


def rows_of(index: Path) -> list[str]:
    """The text of each row of results."""
    rows = re.findall(r"<tr [^>]*data-search.*?</tr>", index.read_text(encoding="utf-8"), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", row.replace("<wbr>", "")).split()) for row in rows]


def plots_of(file: Path) -> list[str]:
    return re.findall(r"<svg.*?</svg>", file.read_text(encoding="utf-8"), re.DOTALL)


def dots_in(plot: str) -> int:
    paths = re.findall(r'<path class="dot [^"]*" d="([^"]*)"', plot)
    return sum(path.count("M") for path in paths)
