"""Checks the direction of includes: who may know whom.

    scripts/check_includes.py [ROOT]

    proto -> otlp      framework <- suites -> otlp      load -> framework, otlp
    inside framework/src: base <- measure <- analysis <- present <- app <- versus

A part may include itself, what is listed for it in MAY, and system headers. Suites and load see the
public headers only. Tests may include anything and are not looked at. Prints a line a finding; exit
status 1 when there is one.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LAYERS = ("base", "measure", "analysis", "present", "app", "versus")

PUBLIC = {"assay", "otlp/include"}

# Part -> parts that it may include besides itself.
MAY: dict[str, set[str]] = {
    "assay": set(),
    **{f"framework/{layer}": {"assay"} for layer in LAYERS},
    "framework/preload": set(),
    "framework/tools": {"assay", *(f"framework/{layer}" for layer in LAYERS)},
    "otlp/include": set(),
    "otlp/src": {"otlp/include", "proto"},
    "otlp/receiver": {"otlp/include"},
    "otlp/tools": {"otlp/include", "otlp/receiver"},
    "suites": PUBLIC | {"suites/common"},
    "suites/common": PUBLIC,
    "load": PUBLIC,
}
for _number, _layer in enumerate(LAYERS):
    MAY[f"framework/{_layer}"] |= {f"framework/{below}" for below in LAYERS[:_number]}
# What talks to the library that counts allocations, and what carries it.
for _layer in ("measure", "app"):
    MAY[f"framework/{_layer}"].add("framework/preload")

# Where the compiler looks, whatever the file: an include that should not resolve is still seen for
# what it is.
SEARCHED = (
    "framework",
    "framework/src",
    "otlp/include",
    "otlp/src",
    "suites",
    "load",
    ".",
)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def part_of(path: Path) -> str | None:
    """The part that a file of the repository belongs to, by its path from the root."""
    words = path.parts
    if words[0] == "framework":
        if path.name == "assay.h":
            return "assay"
        if words[1] == "src" and len(words) > 3:
            return f"framework/{words[2]}"
        return f"framework/{words[1]}"
    if words[0] == "otlp":
        return f"otlp/{words[1]}"
    if words[:2] == ("suites", "common"):
        return "suites/common"
    if words[0] in ("suites", "load", "proto"):
        return words[0]
    return None


def resolve(root: Path, source: Path, name: str, quoted: bool) -> Path | None:
    """The file of the repository that an include means, from the root; None for any other."""
    folders = [root / folder for folder in SEARCHED]
    if quoted:
        folders.insert(0, source.parent)
    for folder in folders:
        target = (folder / name).resolve()
        if target.is_file() and target.is_relative_to(root):
            return target.relative_to(root)
    return None


def target_part(root: Path, source: Path, name: str, quoted: bool) -> str | None:
    """The part that an include reaches; "" for what is not of this repository, None when unknown."""
    target = resolve(root, source, name, quoted)
    if target is not None:
        return part_of(target)
    if name.endswith(".pb-c.h"):
        return "proto"
    return None if quoted else ""


def findings_in(root: Path, source: Path) -> Iterator[str]:
    shown = source.relative_to(root)
    part = part_of(shown)
    if part not in MAY:
        yield f"{shown}: belongs to no part that scripts/check_includes.py knows"
        return
    text = source.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        name, quoted = match[2], match[1] == '"'
        line = text.count("\n", 0, match.start(2)) + 1
        target = target_part(root, source, name, quoted)
        if target is None:
            yield f'{shown}:{line}: "{name}" is no file of the parts that code may include'
        elif target and target != part and target not in MAY[part]:
            yield f"{shown}:{line}: {part} may not include {name} ({target})"


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    sources = [
        path
        for folder in ("framework", "otlp", "suites", "load")
        for path in sorted((root / folder).rglob("*.[ch]"))
    ]
    found = [finding for source in sources for finding in findings_in(root, source)]
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
