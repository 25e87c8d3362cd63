"""Opens the pages on a comparison in headless Chromium: phone and desktop, light and dark."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from page_harness import OVERFLOWING, ROOT, SHOWS, complaints, contrast, luminance, show

keys = pytest.importorskip(
    "selenium.webdriver.common.keys", reason="selenium is not installed"
).Keys

PHONE, DESKTOP = (360, 780), (1280, 900)
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
PAGES = (
    "comparison.html",
    "c/kinds.slow.html",
    "c/kinds.open.html",
    "c/kinds.below.html",
    "c/odd.vast.html",
    "c/odd.many_pairs.html",
    "c/canary.chain.1000.html",
)


def make(place: Path, *options: str) -> Path:
    maker = ROOT / "tests" / "report" / "make_comparison.py"
    subprocess.run([sys.executable, str(maker), str(place / "in"), *options], check=True)
    command = [sys.executable, str(ROOT / "reports" / "report.py"), str(place / "in")]
    subprocess.run([*command, "--out", str(place / "html")], check=True, stdout=subprocess.DEVNULL)
    return place / "html"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison with benchmarks of every kind, not to be trusted and interrupted."""
    return make(tmp_path_factory.mktemp("kinds"), "--untrusted")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("hostile"), "--hostile")


@SIZES
@SCHEMES
@pytest.mark.parametrize("page", PAGES)
def test_page_shows_whole_and_without_complaint(
    browser: Any, report: Path, page: str, size: tuple[int, int], scheme: str
) -> None:
    show(browser, report / page, size, scheme)
    assert complaints(browser) == []
    assert browser.execute_script(OVERFLOWING) == [False, []], f"{page} is wider than {size[0]}"
    plots = browser.execute_script(
        "return Array.from(document.querySelectorAll('svg.plot')).map("
        "(e) => { const r = e.getBoundingClientRect(); return [r.width, r.height]; })"
    )
    assert all(width > 280 and height > 60 for width, height in plots)
    assert bool(plots) == page.startswith("c/")


@SIZES
def test_hostile_names_do_not_run_or_break_the_layout(
    browser: Any, hostile: Path, size: tuple[int, int]
) -> None:
    for file in [hostile / "comparison.html", *sorted((hostile / "c").iterdir())]:
        show(browser, file, size)  # an alert would make every later command fail
        assert complaints(browser) == []
        assert browser.execute_script(OVERFLOWING) == [False, []], file.name
        assert browser.execute_script("return document.scripts.length") == 1


@SIZES
def test_every_effect_is_drawn_in_its_row(
    browser: Any, report: Path, size: tuple[int, int]
) -> None:
    show(browser, report / "comparison.html", size)
    marks = browser.execute_script(
        "return Array.from(document.querySelectorAll('.track-plot')).map((e) => {"
        "const outer = e.getBoundingClientRect(), point = e.querySelector('.point > *');"
        "if (!point) return null;"
        "const inner = point.getBoundingClientRect();"
        "return [outer.left - 8 <= inner.left && inner.right <= outer.right + 8,"
        " outer.width, outer.height]; })"
    )
    drawn = [mark for mark in marks if mark is not None]
    assert len(drawn) == 15 and len(marks) == 18, "three have no effect to draw"
    assert all(inside and width > 200 and height > 20 for inside, width, height in drawn)


def test_regressed_and_improved_differ_in_shape(browser: Any, report: Path) -> None:
    show(browser, report / "comparison.html")
    shapes = browser.execute_script(
        "return ['slower', 'faster'].map((kind) => "
        "document.querySelector('.track-plot .point.' + kind + ' path').getAttribute('d'))"
    )
    assert shapes[0] != shapes[1]
    signs = [
        browser.find_element("css selector", f"td .verdict.{kind}").text
        for kind in ("slower", "faster")
    ]
    assert signs[0].startswith("▲ regressed") and signs[1].startswith("▼ improved")


@SCHEMES
def test_colours_follow_the_scheme_and_can_be_read(browser: Any, report: Path, scheme: str) -> None:
    show(browser, report / "comparison.html", DESKTOP, scheme)
    page = luminance(browser, "body", "backgroundColor")
    table = luminance(browser, ".scroll", "backgroundColor")
    alarm = luminance(browser, ".callout.alarm", "backgroundColor")
    assert page < 0.02 and table < 0.03 if scheme == "dark" else page > 0.9 and table > 0.9
    for selector, which, back, least in (
        ("h1", "color", page, 7.0),
        (".against", "color", page, 4.5),
        (".callout.alarm h2", "color", alarm, 4.5),
        (".callout.alarm p", "color", alarm, 7.0),
        (".effects .verdict.slower", "color", table, 4.5),
        (".effects .verdict.faster", "color", table, 4.5),
        (".effects .verdict.open", "color", table, 7.0),
        (".effects .verdict.same", "color", table, 4.5),
        (".effects td .sub", "color", table, 4.5),
        (".track-axis text", "fill", table, 4.5),
        (".track-plot .point.slower path", "fill", table, 3.0),
        (".track-plot .point.faster path", "fill", table, 3.0),
        (".track-plot .point.open circle", "stroke", table, 3.0),
        (".track-plot .span.same", "stroke", table, 3.0),
    ):
        assert contrast(luminance(browser, selector, which), back) >= least, selector
    show(browser, report / "c" / "kinds.slow.html", DESKTOP, scheme)
    card = luminance(browser, "figure", "backgroundColor")
    for selector in (".line.change", ".line.tail", ".dot.pair-old", ".dot.pair-new", ".line.head"):
        ink = luminance(browser, f"svg.plot {selector}", "stroke")
        assert contrast(ink, card) >= 3.0, selector


def visible_rows(browser: Any) -> list[str]:
    rows: list[str] = browser.execute_script(
        "return Array.from(document.querySelectorAll('tr[data-search]'))"
        ".filter((e) => e.offsetParent !== null).map((e) => e.querySelector('a').title)"
    )
    return rows


@pytest.mark.parametrize(
    "state, expected",
    [
        ("regressed", ["kinds/much_slower", "kinds/slow", "odd/unlucky_pairs"]),
        ("tail", ["kinds/tail"]),
        ("suspected", ["kinds/due", "kinds/vetoed", "kinds/suspected"]),
        ("below", ["kinds/below"]),
    ],
)
def test_filter_shows_what_fits(
    browser: Any, report: Path, state: str, expected: list[str]
) -> None:
    show(browser, report / "comparison.html", DESKTOP)
    assert len(visible_rows(browser)) == 18
    browser.find_element("css selector", f"#state option[value={state}]").click()
    assert visible_rows(browser) == expected
    assert browser.find_element("id", "shown").text == f"{len(expected)} of 18"
    browser.find_element("id", "words").send_keys("nothing has this")
    assert visible_rows(browser) == []


def test_keyboard_reaches_the_filter_and_a_benchmark(browser: Any, report: Path) -> None:
    show(browser, report / "comparison.html", DESKTOP)
    seen = []
    for _ in range(60):
        browser.switch_to.active_element.send_keys(keys.TAB)
        active = browser.switch_to.active_element
        assert active.value_of_css_property("outline-style") != "none", "the focus cannot be seen"
        seen.append((active.get_attribute("id"), active.get_attribute("href") or ""))
        if "/c/" in seen[-1][1]:
            break
    assert seen[0][1].endswith("#main"), "the first stop skips to the content"
    assert any(name == "words" for name, _ in seen)
    browser.switch_to.active_element.send_keys(keys.ENTER)
    assert "kinds/much_slower" in browser.title


def test_neighbours_and_back_are_links(browser: Any, report: Path) -> None:
    show(browser, report / "c" / "kinds.slow.html", DESKTOP)
    browser.find_element("css selector", "a[rel=prev]").click()
    assert "kinds/much_slower" in browser.title
    browser.find_element("css selector", ".crumbs a").click()
    assert browser.current_url.endswith("comparison.html")


def test_index_leads_to_the_comparison(browser: Any, report: Path) -> None:
    browser.get((report / "index.html").as_uri())
    for _ in range(50):
        if browser.current_url.endswith("comparison.html"):
            break
        browser.execute_async_script("setTimeout(arguments[0], 100)")
    assert browser.current_url.endswith("comparison.html")


def test_pairs_open_as_a_table(browser: Any, report: Path) -> None:
    show(browser, report / "c" / "kinds.slow.html", PHONE)
    summary = browser.find_element("css selector", "details > summary")
    rows = browser.find_elements("css selector", "details tbody tr")
    assert len(rows) == 38 and not browser.execute_script(SHOWS, rows[0])
    browser.execute_script("arguments[0].scrollIntoView()", summary)
    summary.click()
    assert browser.execute_script(SHOWS, rows[0])
    assert browser.execute_script(OVERFLOWING) == [False, []]


def test_page_is_complete_without_script_and_on_paper(browser: Any, report: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, report / "comparison.html", DESKTOP)
        rows = browser.find_elements("css selector", "tr[data-search]")
        assert len(rows) == 18 and all(row.is_displayed() for row in rows)
        assert not browser.find_element("id", "filter").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert luminance(browser, "body", "backgroundColor") > 0.9
    assert luminance(browser, ".callout.alarm h2", "color") < 0.2
