"""Opens a flame graph in headless Chromium: narrow and wide, light and dark, by mouse and by keys."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from page_harness import ROOT, complaints, contrast, luminance, show

keys = pytest.importorskip(
    "selenium.webdriver.common.keys", reason="selenium is not installed"
).Keys
actions = pytest.importorskip("selenium.webdriver").ActionChains

NARROW, WIDE = (400, 780), (1200, 900)
SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
ID = "serialization/encode_traces/protobuf_c/100"

# Stacks from the body on, innermost first, and how often each is seen.
STACKS = {
    "pack main_of_it": 600,
    "strlen:libc.so.6 pack main_of_it": 100,
    "deflate:libz.so.1 pack main_of_it": 200,
    "fault:kernel build main_of_it": 60,
    "build main_of_it": 30,
    "next_lap assay__lap main_of_it": 10,
}

SHOWN = """
return Array.from(document.querySelectorAll('.frame:not(.gone)')).map((e) => {
  const text = e.querySelector('text'), box = e.getBoundingClientRect();
  return [e.querySelector('title').textContent.split(':')[0], text.textContent, box.left, box.width,
          text.getComputedTextLength()];
});
"""


def in_file(name: str) -> str:
    name, _, file = name.partition(":")
    where = {"": "/x/simd", "kernel": "[kernel.kallsyms]"}.get(file, f"/usr/lib/{file}")
    return f"\t 10 {name} ({where})\n"


@pytest.fixture(name="page", scope="module")
def fixture_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flame")
    with open(folder / "samples", "w", encoding="utf-8") as samples:
        for stack, count in STACKS.items():
            frames = "".join(in_file(name) for name in [*stack.split(), "run_body"])
            samples.write(f"simd 1 2.0:\n{frames}\n" * count)
    command = [sys.executable, str(ROOT / "reports" / "flame.py"), "perf", str(folder / "samples")]
    options = ["--id", ID, "--program", "simd", "--out", str(folder / "p.svg")]
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
    return folder / "p.svg"


def shown(browser: Any) -> dict[str, list[Any]]:
    """What each frame in sight has: letters, left, width, width of its letters."""
    return {name: rest for name, *rest in browser.execute_script(SHOWN)}


def focused(browser: Any) -> str:
    name: str = browser.execute_script(
        "return document.activeElement.querySelector('title').textContent.split(':')[0]"
    )
    return name


def press(browser: Any, key: str) -> None:
    browser.switch_to.active_element.send_keys(key)


def element(browser: Any, name: str) -> Any:
    for frame in browser.find_elements("css selector", ".frame"):
        if frame.find_element("css selector", "text").text == name:
            return frame
    raise AssertionError(f"{name} is not there")


@SIZES
@SCHEMES
def test_letters_fit_into_their_frames(
    browser: Any, page: Path, size: tuple[int, int], scheme: str
) -> None:
    show(browser, page, size, scheme)
    # An SVG cannot ask a telephone for a narrow page: this is a narrow window.
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.refresh()
    assert complaints(browser) == []
    frames = shown(browser)
    assert set(frames) == {ID, *(n.split(":")[0] for s in STACKS for n in s.split())}
    for name, (text, left, width, letters) in frames.items():
        assert left >= -0.5 and left + width <= size[0] + 0.5
        assert letters <= width, name
        assert text == "" or name.startswith(text.rstrip("\u2026"))
    assert frames["pack"][0] == "pack"
    assert frames["pack"][2] == pytest.approx(0.9 * size[0], abs=1)
    heads = (
        "return Array.from(document.querySelectorAll('.id, .fact')).map((e) => e.getBBox().width)"
    )
    assert max(browser.execute_script(heads)) < size[0] - 8


@SCHEMES
def test_letters_can_be_read_on_every_colour(browser: Any, page: Path, scheme: str) -> None:
    show(browser, page, WIDE, scheme)
    label = luminance(browser, ".frame text", "fill")
    names: list[str] = browser.execute_script(
        "return Array.from(document.querySelectorAll('.frame rect')).map((e) => e.getAttribute('class'))"
    )
    assert {name.split("-")[0] for name in names} == {
        *("program", "library", "libc", "kernel", "harness", "unknown")
    }
    for name in set(names):
        assert contrast(label, luminance(browser, f".frame .{name}", "fill")) >= 4.5, name
    back = luminance(browser, ".back", "fill")
    assert contrast(back, luminance(browser, ".fact", "fill")) >= 4.5
    assert contrast(back, luminance(browser, ".id", "fill")) >= 7


def test_a_click_zooms_and_the_button_shows_all_again(browser: Any, page: Path) -> None:
    show(browser, page, WIDE)
    before = shown(browser)
    element(browser, "build").click()
    zoomed = shown(browser)
    assert set(zoomed) == {ID, "main_of_it", "build", "fault"}
    assert zoomed["build"][2] == zoomed[ID][2] == pytest.approx(1200, abs=1)
    assert zoomed["fault"][2] == pytest.approx(800, abs=1)
    assert zoomed["fault"][0] == "fault"
    browser.find_element("css selector", ".tools button").click()
    assert shown(browser) == before


def test_keys_walk_and_zoom(browser: Any, page: Path) -> None:
    show(browser, page, WIDE)
    browser.execute_script("document.querySelector('.frame').focus()")
    walk = [(keys.ARROW_DOWN, "main_of_it"), (keys.ARROW_DOWN, "pack"), (keys.ARROW_RIGHT, "build")]
    walk += [(keys.ARROW_LEFT, "pack"), (keys.ARROW_UP, "main_of_it"), (keys.ARROW_DOWN, "pack")]
    for key, name in walk:
        press(browser, key)
        assert focused(browser) == name
    detail = browser.find_element("css selector", ".detail")
    assert detail.text == "pack: 900 samples, 90.0 %"
    press(browser, keys.ENTER)
    assert set(shown(browser)) == {ID, "main_of_it", "pack", "strlen", "deflate"}
    press(browser, keys.ESCAPE)
    assert len(shown(browser)) == 9
    stops = "return document.querySelectorAll('.frame[tabindex=\"0\"]').length"
    assert browser.execute_script(stops) == 1


def test_search_marks_what_matches_and_says_its_share(browser: Any, page: Path) -> None:
    show(browser, page, WIDE)
    field = browser.find_element("css selector", ".tools input")
    actions(browser).move_to_element(field).click().send_keys("L").perform()
    hits = browser.find_elements("css selector", ".frame.hit")
    assert len(hits) == 6  # next_lap is below assay__lap, and in its share
    detail = browser.find_element("css selector", ".detail")
    assert detail.text == "6 frames match, 40.0 %"
    actions(browser).send_keys(keys.BACKSPACE).move_to_element(detail).perform()
    assert browser.find_elements("css selector", ".frame.hit") == [] and detail.text == ""
