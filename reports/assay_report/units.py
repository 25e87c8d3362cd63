"""Figures for people: units that suit the size, no more digits than the interval supports."""

from __future__ import annotations

import re
import shlex
import unicodedata
from dataclasses import dataclass

_TIME_UNITS = (("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9))
_UNIT_WORDS = {"ns": "ns", "us": "µs", "µs": "µs", "ms": "ms", "s": "s"}
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_ROUNDS_UP = 0.99995
"""From this share of a larger unit on, four digits show 1.000 of it rather than 1000 of the smaller."""
_BIDI_CONTROLS = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
)
LEAST_NS = 1e-6
"""Times below this are no figures to divide by: nothing happens in a femtosecond."""
MINUS = "\u2212"
NARROW_SPACE = "\u202f"


@dataclass(frozen=True)
class TimeUnit:
    """A unit of time and how many nanoseconds it has."""

    name: str
    ns: float


def time_unit(ns: float, wanted: str | None = None) -> TimeUnit:
    """The unit asked for when it is known, else the largest that leaves a figure of 1 or more."""
    if wanted is not None and wanted in _UNIT_WORDS:
        return TimeUnit(_UNIT_WORDS[wanted], dict(_TIME_UNITS)[_UNIT_WORDS[wanted]])
    size = abs(ns)
    name, scale = _TIME_UNITS[0]
    for unit, unit_ns in _TIME_UNITS[1:]:
        if size >= unit_ns * _ROUNDS_UP:
            name, scale = unit, unit_ns
    return TimeUnit(name, scale)


def _decimals(value: float, digits: int) -> int:
    """Decimals that show `value` with `digits` significant digits."""
    if value == 0:
        return 0
    exponent = int(f"{value:.{digits - 1}e}".split("e")[1])
    return max(0, digits - 1 - exponent)


def fixed(value: float, decimals: int) -> str:
    """A plain figure with a true minus sign; powers of ten where a plain figure is unreadable."""
    if value != 0 and (abs(value) >= 1e9 or decimals > 12):
        return f"{value:.4g}".replace("-", MINUS)
    text = f"{value:,.{decimals}f}".replace(",", NARROW_SPACE)
    return text.replace("-", MINUS if text.strip("-0.") else "")


def significant(value: float, digits: int = 4) -> str:
    """`value` with so many significant digits."""
    return fixed(value, _decimals(value, digits))


def time_text(ns: float, wanted: str | None = None) -> str:
    """A time with its unit, four significant digits: 46.21 ns."""
    unit = time_unit(ns, wanted)
    return f"{significant(ns / unit.ns)}{NARROW_SPACE}{unit.name}"


@dataclass(frozen=True)
class IntervalText:
    """A figure with its interval, all in one unit and with the same number of decimals."""

    point: str
    lower: str
    upper: str
    unit: str


def interval_text(point: float, lower: float, upper: float, unit: TimeUnit) -> IntervalText:
    """At least four significant digits, and enough that the two bounds can be told apart."""
    point, lower, upper = point / unit.ns, lower / unit.ns, upper / unit.ns
    decimals = _decimals(point, 4)
    width = upper - lower
    if width > 0:
        decimals = max(decimals, min(_decimals(point, 7), _decimals(width, 1)))
    return IntervalText(
        fixed(point, decimals), fixed(lower, decimals), fixed(upper, decimals), unit.name
    )


def prefixed(value: float, digits: int = 4) -> tuple[str, str]:
    """A large figure and its decimal prefix: 21 640 000 gives ("21.64", "M")."""
    for scale, prefix in _PREFIXES:
        if abs(value) >= scale * _ROUNDS_UP:
            return significant(value / scale, digits), prefix
    return significant(value, digits), ""


def throughput_text(kind: str, per_iteration: int, iteration_ns: float) -> str:
    """Bytes or elements a second; empty when the time is as good as zero."""
    if iteration_ns < LEAST_NS:
        return ""
    figure, prefix = prefixed(per_iteration / iteration_ns * 1e9)
    if kind == "bytes":
        return f"{figure}{NARROW_SPACE}{prefix}B/s"
    return f"{figure}{NARROW_SPACE}{prefix + ' ' if prefix else ''}elements/s"


def bytes_text(size: float) -> str:
    """A size of memory in binary units: 32 KiB."""
    value = size
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.4g}{NARROW_SPACE}{unit}"
        value /= 1024
    return f"{value:.4g}{NARROW_SPACE}TiB"


_SIZE_UNITS = {"": 1, "B": 1} | {
    f"{prefix}{unit}": base**power
    for power, prefix in enumerate("KMGT", 1)
    for unit, base in (("iB", 1024), ("B", 1000))
}


def size_of(word: str) -> float | None:
    """The number that a word like 64KiB, 1.5 MB or 12 stands for; None for other words."""
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([KMGTk]?i?B?)", word)
    if match is None:
        return None
    factor = _SIZE_UNITS.get(match[2].replace("k", "K"))
    return None if factor is None else float(match[1]) * factor


def frequency_text(hz: float) -> str:
    """A frequency: 2.6 GHz."""
    figure, prefix = prefixed(hz)
    return f"{figure}{NARROW_SPACE}{prefix}Hz"


def percent(share: float, digits: int = 2) -> str:
    """A share as a percentage without a sign: 0.052 gives 5.2 %."""
    value = share * 100
    if 0 < value < 0.001:
        return f"<0.001{NARROW_SPACE}%"
    return f"{fixed(value, min(_decimals(value, digits), 3))}{NARROW_SPACE}%"


def short_percent(share: float) -> str:
    """A setting as it was given: 1 %, 0.3 %."""
    return f"{100 * share:.6g}{NARROW_SPACE}%"


def signed_percent(share: float, decimals: int | None = None) -> str:
    """A change with its sign: +5.2 %, −0.8 %."""
    value = share * 100
    if decimals is None:
        decimals = 0 if abs(value) >= 100 else min(max(_decimals(value, 2), 1), 3)
    text = fixed(value, decimals)
    sign = "+" if value > 0 and text.strip("0.") else ""
    return f"{sign}{text}{NARROW_SPACE}%"


def counter_text(value: float, unit: str | None) -> str:
    """A counter's figure with its unit; whole numbers stay whole."""
    if unit == "bytes" and value >= 1024:
        return bytes_text(value)
    figure = (
        fixed(value, 0) if float(value).is_integer() and abs(value) < 1e9 else significant(value)
    )
    return f"{figure}{NARROW_SPACE}{visible(unit)}" if unit else figure


def visible(text: str) -> str:
    """Text that shows as it is: control and direction characters become their escapes."""

    def shown(char: str) -> str:
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _BIDI_CONTROLS:
            code = ord(char)
            plain = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}.get(char)
            return plain or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
        return char

    return "".join(map(shown, text))


def shell_word(text: str) -> str:
    """One word of a command line that gives exactly this text."""
    if visible(text) == text:
        return shlex.quote(text)
    raw = text.encode("utf-8", "surrogatepass")
    body = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in "\\'" else f"\\x{byte:02x}"
        for byte in raw
    )
    return f"$'{body}'"


def slug(text: str, digest: str) -> str:
    """A file name for an id: readable when the id is, with `digest` where letters were lost."""
    if len(text) <= 100 and re.fullmatch(r"[A-Za-z0-9_:-]+(/[A-Za-z0-9_:-]+)*", text):
        return text.replace("/", ".").replace(":", "-")
    readable = re.sub(r"[^a-z0-9_]+", "-", text.lower())[:60].strip("-")
    return f"{readable}-{digest}" if readable else digest
