"""The flame graph: one SVG that needs nothing else, the body on top and what it calls below.

Places are shares of the width and letters keep their size, so that it can be read at any width.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from .stacks import Kind
from .tree import LEAST_SHARE, Box

ROW_PX = 18
_HERE = Path(__file__).parent
_ID_LETTERS = 44
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LEGEND = (Kind.PROGRAM, Kind.LIBRARY, Kind.LIBC, Kind.KERNEL, Kind.HARNESS)


@dataclass(frozen=True)
class Picture:
    """What stands above the frames."""

    id: str
    unit: str
    """What a weight counts: samples or instructions."""
    facts: list[str]
    """Lines in small letters."""


def draw(picture: Picture, boxes: list[Box]) -> str:
    """The whole document. The first box is the benchmark itself; there is at least that one."""
    lines = _broken(picture.id)
    top = 12
    head = []
    for line in lines:
        top += 19
        head.append(f'<text class="id" x="8" y="{top - 5}">{_text(line)}</text>')
    for fact in picture.facts:
        top += 17
        head.append(f'<text class="fact" x="8" y="{top - 4}">{_text(fact)}</text>')
    top += 6
    head.extend(_legend(top, {box.frame.kind for box in boxes}))
    top += 22
    head.append(f'<foreignObject class="holder" x="8" y="{top}" width="97%" height="26"/>')
    top += 46
    head.append(f'<text class="detail" x="8" y="{top - 5}" role="status"/>')
    height = top + ROW_PX * (max(box.depth for box in boxes) + 1) + 8
    frames = [_frame(box, top, boxes[0].weight, picture.unit) for box in boxes]
    style = (_HERE / "flame.css").read_text(encoding="utf-8")
    script = (_HERE / "flame.js").read_text(encoding="utf-8")
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" class="page" width="100%" height="{height}">',
            f"<title>{_text(picture.id)}: where the time goes</title>",
            f"<desc>Frames narrower than {LEAST_SHARE:.2%} are left out.</desc>",
            f"<style>\n{style}</style>",
            '<rect class="back" width="100%" height="100%"/>',
            *head,
            f'<g role="tree" aria-label="{_text(picture.id)}">',
            *frames,
            "</g>",
            f"<script><![CDATA[\n{script}]]></script>",
            "</svg>\n",
        )
    )


def _frame(box: Box, top: int, total: int, unit: str) -> str:
    name = _text(box.frame.name)
    shade = zlib.crc32(box.frame.name.encode("utf-8", "replace")) % 3
    share = f"{100 * box.weight / total:.1f} %"
    return (
        f'<svg class="frame" x="{_percent(box.left)}" y="{top + ROW_PX * box.depth}" '
        f'width="{_percent(box.width)}" height="{ROW_PX}" role="treeitem" '
        f'aria-level="{box.depth + 1}" tabindex="{0 if box.depth == 0 else -1}">'
        f"<title>{name}: {box.weight:,} {_text(unit)}, {share}</title>"
        f'<rect class="{box.frame.kind.value}-{shade}" width="100%" height="100%"/>'
        f'<text x="4" y="13">{name}</text></svg>'
    )


def _legend(top: int, kinds: set[Kind]) -> Iterator[str]:
    shown = [kind for kind in _LEGEND if kind in kinds]
    for i, kind in enumerate(shown):
        yield (
            f'<svg x="{20 * i}%" y="{top}" width="20%" height="16">'
            f'<rect class="swatch {kind.value}-0" x="8" y="2" width="12" height="12"/>'
            f'<text x="25" y="12">{kind.value}</text></svg>'
        )


def _broken(identifier: str) -> list[str]:
    """The id in lines that a telephone shows whole, broken after slashes where it has them."""
    lines = [""]
    for part in re.findall(rf"[^/]{{1,{_ID_LETTERS - 1}}}/?|/", identifier) or ["?"]:
        if len(lines[-1]) + len(part) > _ID_LETTERS:
            lines.append("")
        lines[-1] += part
    return lines


def _percent(share: float) -> str:
    return f"{100 * share:.4f}%"


def _text(text: str) -> str:
    return escape(_NOT_IN_XML.sub("\ufffd", re.sub(r"[\t\n\r]", " ", text)))
