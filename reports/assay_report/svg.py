"""Runs gnuplot once for all figures and makes its SVG small, dark-aware and free of ids."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import IO

from .errors import ReportError
from .script import ROLES, SLOT, Figure, whole_script

_COLOUR = r"rgb\(\s*0,\s*0,\s*(?P<{0}>\d+)\)"
_ELEMENT = re.compile(
    "|".join(
        (
            rf"<path stroke='{_COLOUR.format('line')}'[^>]*? d='(?P<d>[^']*)'/>",
            rf"<polygon fill = '{_COLOUR.format('area')}'[^>]*? points = '(?P<points>[^']*)'/>",
            r"<use xlink:href='#gpPt\d+' "
            r"transform='translate\((?P<px>[\d.]+),(?P<py>[\d.]+)\)[^']*' "
            rf"color='{_COLOUR.format('dot')}'/>",
            r'<g transform="translate\((?P<tx>[-\d.]+),(?P<ty>[-\d.]+)\)" stroke="none" '
            rf'fill="{_COLOUR.format("text")}"[^>]*text-anchor="(?P<anchor>\w+)">\s*'
            r"<text>(?P<words>.*?)</text>",
        )
    ),
    re.DOTALL,
)
_SPACES = re.compile(r"\s+(?=[A-Z]|$)|(?<=[A-Z])\s+")
_BEYOND_TENTHS = re.compile(r"(?<=\.\d)\d+")
_CROSS_ROLES = frozenset(("severe", "mark"))
_TRIANGLE_ROLES = frozenset(("beyond",))
_DIAMOND_ROLES = frozenset(("pair-new", "early-new", "tail"))


def draw(figures: Sequence[Figure]) -> dict[str, str]:
    """The finished <svg> element of every figure, by its key. One gnuplot process draws them all.

    Raises ReportError when gnuplot is missing or fails.
    """
    if not figures:
        return {}
    program = shutil.which("gnuplot")
    if program is None:
        raise ReportError(
            "gnuplot is not installed and draws the plots; install it (apt install gnuplot-nox)"
        )
    with tempfile.TemporaryDirectory(prefix="assay-report-") as folder:
        script = Path(folder) / "figures.gp"
        script.write_text(whole_script(figures), encoding="utf-8")
        return _run(program, script, figures)


def _run(program: str, script: Path, figures: Sequence[Figure]) -> dict[str, str]:
    drawn: dict[str, str] = {}
    with (script.parent / "complaints").open(
        "w+", encoding="utf-8", errors="replace"
    ) as complaints:
        # The script is named, not piped: gnuplot reads standard input a byte at a time.
        command = [program, "--default-settings", str(script)]
        try:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints)
        except OSError as error:
            raise ReportError(f"{program}: cannot be run ({error.strerror})") from error
        with process:
            assert process.stdout is not None
            try:
                lines = io.TextIOWrapper(process.stdout, encoding="utf-8")
                for figure, text in zip(figures, _documents(lines)):
                    drawn[figure.key] = _compact(figure, text)
            except BaseException:
                process.kill()
                raise
        complaints.seek(0)
        said = " ".join(complaints.read().split())
    if process.returncode != 0 or len(drawn) != len(figures):
        raise ReportError(
            f"{program}: drew {len(drawn)} of {len(figures)} plots and stopped"
            f" (status {process.returncode}): {said[:300] or 'it said nothing'}"
        )
    return drawn


def _documents(stream: IO[str]) -> Iterator[str]:
    """Splits gnuplot's output into its SVG documents while it still draws."""
    lines: list[str] = []
    for line in stream:
        lines.append(line)
        if line.startswith("</svg>"):
            yield "".join(lines)
            lines.clear()


def _role(index: str) -> str:
    return ROLES[int(index) - 1]


def _short(coordinates: str) -> str:
    return _BEYOND_TENTHS.sub("", coordinates).replace(".0", "")


def _path(data: str) -> str:
    return _short(_SPACES.sub("", " ".join(data.split())))


def _dot(role: str, x: str, y: str) -> str:
    """A mark as path data. A round line cap makes a dot of a line without length."""
    at = f"M{_short(x)},{_short(y)}"
    if role in _CROSS_ROLES:
        return f"{at}m-3-3l6 6m0-6l-6 6"
    if role in _TRIANGLE_ROLES:
        return f"{at}m-3 3l6 0l-3-6z"
    if role in _DIAMOND_ROLES:
        return f"{at}m0-4.5l4.5 4.5l-4.5 4.5l-4.5-4.5z"
    return f"{at}h0"


def _compact(figure: Figure, text: str) -> str:
    """gnuplot's drawing with classes in place of colours, neighbours of a kind in one path."""
    parts: list[str] = []
    kind = ""
    pending: list[str] = []

    def flush() -> None:
        if pending:
            parts.append(f'<path class="{kind}" d="{"".join(pending)}"/>')
            pending.clear()

    for match in _ELEMENT.finditer(text[text.find("</defs>") :]):
        if match["line"]:
            shape, data = f"line {_role(match['line'])}", _path(match["d"])
        elif match["area"]:
            shape, data = f"area {_role(match['area'])}", f"M{_short(match['points'].strip())}Z"
        elif match["dot"]:
            role = _role(match["dot"])
            shape, data = f"dot {role}", _dot(role, match["px"], match["py"])
        else:
            flush()
            parts.append(_text(figure, match))
            continue
        if shape != kind:
            flush()
            kind = shape
        pending.append(data)
    flush()
    return (
        f'<svg class="plot" viewBox="0 0 {figure.width} {figure.height}" role="img" '
        f'aria-label="{escape(figure.description)}">{"".join(parts)}</svg>'
    )


def _text(figure: Figure, match: re.Match[str]) -> str:
    words = match["words"].strip().replace(SLOT, escape(figure.axis_name))
    return (
        f'<text class="{_role(match["text"])}" x="{_short(match["tx"])}" y="{_short(match["ty"])}" '
        f'text-anchor="{match["anchor"]}">{words}</text>'
    )
