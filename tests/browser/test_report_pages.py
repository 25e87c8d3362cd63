"""Opens the pages of a report in headless Chromium: phone and desktop, light and dark, and on paper."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from page_harness import OVERFLOWING, ROOT, SHOWS, complaints, contrast, luminance, show

keys = pytest.importorskip("selenium.webdriver.common.keys").Keys

PHONE, DESKTOP = (390, 844), (1400, 900)
PAGES = (
    "index.html",
    "g/span_creation.compress.html",
    "b/span_creation.attributes.50.html",
    "b/span_creation.full_cycle.html",
    "b/span_creation.counter_contention.threads-2.html",
    "b/span_creation.counter_contention.threads-8.html",
    "g/span_creation.attributes.html",
    "b/span_creation.grpc_export.html",
    "b/span_creation.empty_kernel.html",
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on benchmarks of every kind, some with names that want to be code."""
    place = tmp_path_factory.mktemp("browser")
    maker = ROOT / "tests" / "report" / "make_results.py"
    command = [sys.executable, str(maker), str(place / "in"), "--benchmarks", "28", "--hostile"]
    subprocess.run(command, check=True)
    program = ROOT / "reports" / "report.py"
    command = [sys.executable, str(program), str(place / "in"), "--out", str(place / "html")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return place / "html"


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_page_shows_whole_and_without_complaint(
    browser: Any, report: Path, page: str, size: tuple[int, int], scheme: str
) -> None:
    show(browser, report / page, size, scheme)
    assert complaints(browser) == []
    wide, out = browser.execute_script(OVERFLOWING)
    assert not wide and out == [], f"{page} is wider than {size[0]}"
    plots = browser.execute_script(
        "return Array.from(document.querySelectorAll('svg.plot')).map("
        "(e) => { const r = e.getBoundingClientRect(); return [r.width, r.height]; })"
    )
    assert all(width > 280 and height > 60 for width, height in plots)
    assert bool(plots) == (page[0] in "gb" and "grpc" not in page)


def test_rows_stay_low_on_a_phone(browser: Any, report: Path) -> None:
    show(browser, report / "g" / "span_creation.compress.html", PHONE)
    heights = browser.execute_script(
        "return Array.from(document.querySelectorAll('.results tr'))"
        ".map((e) => e.getBoundingClientRect().height)"
    )
    assert len(heights) == 10 and max(heights) < 220


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_hostile_names_do_not_run_or_break_the_layout(
    browser: Any, report: Path, size: tuple[int, int]
) -> None:
    hostile = [file for file in sorted(report.rglob("*.html")) if "script" in file.name]
    assert len(hostile) > 20
    for file in [report / "index.html", *hostile]:
        show(browser, file, size)  # an alert would make every later command fail
        assert complaints(browser) == []
        assert browser.execute_script(OVERFLOWING) == [False, []], file.name
        assert browser.execute_script("return document.scripts.length") == 1
    headings = browser.execute_script("return document.querySelector('h1').textContent")
    assert "<script>alert(1)</script>" in headings


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_scheme_and_can_be_read(browser: Any, report: Path, scheme: str) -> None:
    show(browser, report / "b" / "span_creation.attributes.50.html", DESKTOP, scheme)
    page = luminance(browser, "body", "backgroundColor")
    card = luminance(browser, "figure", "backgroundColor")
    assert page < 0.02 and card < 0.03 if scheme == "dark" else page > 0.9 and card > 0.9
    for selector, which, least in (
        ("h1", "color", 7.0),
        (".sub", "color", 4.5),
        ("figcaption p", "color", 7.0),
        (".crumbs a", "color", 4.5),
        ("svg.plot text.title", "fill", 7.0),
        ("svg.plot text.tick", "fill", 4.5),
        ("svg.plot .line.now", "stroke", 3.0),
        ("svg.plot .line.head", "stroke", 3.0),
        ("svg.plot .line.old", "stroke", 3.0),
    ):
        assert contrast(luminance(browser, selector, which), card) >= least, selector
    show(browser, report / "index.html", DESKTOP, scheme)
    for selector in (".verdict.slower", ".verdict.faster", ".chip.warn", ".chip.failed"):
        on_card = selector.startswith(".verdict")
        back = card if on_card else luminance(browser, selector, "backgroundColor")
        assert contrast(luminance(browser, selector, "color"), back) >= 4.5, selector


def visible_rows(browser: Any) -> list[str]:
    rows: list[str] = browser.execute_script(
        "return Array.from(document.querySelectorAll('tr[data-search]'))"
        ".filter((e) => e.offsetParent !== null).map((e) => e.dataset.search)"
    )
    return rows


def test_filter_shows_what_fits(browser: Any, report: Path) -> None:
    show(browser, report / "index.html")
    everything = visible_rows(browser)
    field = browser.find_element("id", "words")
    field.send_keys("gzip 65536")
    (row,) = visible_rows(browser)
    assert row.startswith("span_creation/compress/gzip/65536 ")
    assert browser.find_element("id", "shown").text == f"1 of {len(everything)}"
    sections = browser.find_elements("css selector", "section.suite")
    assert sum(section.is_displayed() for section in sections) == 1
    field.clear()
    field.send_keys(" ")
    assert visible_rows(browser) == everything
    browser.find_element("css selector", "#state option[value^=failed]").click()
    failed = visible_rows(browser)
    assert failed and all("failed" in row or "interrupted" in row for row in failed)


def test_index_is_complete_without_script(browser: Any, report: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, report / "index.html")
        rows = browser.find_elements("css selector", "tr[data-search]")
        assert rows and all(row.is_displayed() for row in rows)
        assert not browser.find_element("id", "filter").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_keyboard_reaches_the_filter_and_a_benchmark(browser: Any, report: Path) -> None:
    show(browser, report / "index.html")
    body = browser.find_element("tag name", "body")
    seen = []
    for _ in range(60):
        body.send_keys(keys.TAB)
        active = browser.switch_to.active_element
        seen.append((active.get_attribute("id"), active.get_attribute("href") or ""))
        if active.get_attribute("id") == "words":
            outline = active.value_of_css_property("outline-style")
            assert outline != "none", "the focus cannot be seen"
            break
        body = active
    assert any(
        href.endswith("#main") for _, href in seen[:1]
    ), "the first stop skips to the content"
    assert seen[-1][0] == "words"
    assert any("/b/" in href for _, href in seen)


def test_paper_has_no_controls_and_light_colours(browser: Any, report: Path) -> None:
    show(browser, report / "index.html", DESKTOP, "dark")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not browser.find_element("id", "filter").is_displayed()
    assert luminance(browser, "body", "backgroundColor") > 0.9
    assert luminance(browser, "h1", "color") < 0.05
    browser.get((report / "b" / "span_creation.attributes.50.html").as_uri())
    assert luminance(browser, "svg.plot text.title", "fill") < 0.05
    assert not browser.find_element("css selector", ".siblings").is_displayed()


def test_details_open_to_a_table_of_all_samples(browser: Any, report: Path) -> None:
    show(browser, report / "b" / "span_creation.attributes.50.html", PHONE)
    summaries = browser.find_elements("css selector", "details > summary")
    assert len(summaries) == 2
    for summary in summaries:
        table = summary.find_element("xpath", "..").find_element("css selector", "table")
        assert not browser.execute_script(SHOWS, table)
        browser.execute_script("arguments[0].scrollIntoView()", summary)
        summary.click()
        assert browser.execute_script(SHOWS, table)
        assert len(table.find_elements("css selector", "tbody tr")) == 100
    assert browser.execute_script(OVERFLOWING) == [False, []]
