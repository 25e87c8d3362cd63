"""What the browser's tests share: opening a page as a device shows it, and looking at it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def show(
    browser: Any, page: Path, size: tuple[int, int] = (1400, 900), scheme: str = "light"
) -> None:
    """Opens a page as a device of this size shows it."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [feature]})
    browser.get(page.as_uri())


def complaints(browser: Any) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]


def luminance(browser: Any, selector: str, which: str) -> float:
    """The relative luminance (WCAG 2) of a computed colour."""
    script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    text: str = browser.execute_script(script, selector, which)
    parts = [float(part) / 255 for part in text[text.index("(") + 1 : -1].split(",")[:3]]
    linear: list[float] = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


OVERFLOWING = """
const wide = document.documentElement.scrollWidth > innerWidth;
const scrolls = (e) => e.closest('.scroll, pre, .hidden, thead, .skip') !== null;
const out = Array.from(document.querySelectorAll('main *')).filter(
  (e) => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e));
return [wide, out.slice(0, 3).map((e) => e.outerHTML.slice(0, 200))];
"""

SHOWS = "return arguments[0].checkVisibility()"
