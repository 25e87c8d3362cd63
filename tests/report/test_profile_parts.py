"""Reading profiles, folding them into stacks, and the picture that is made of them."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as tree
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "reports"))

from assay_profile import callgrind, perf_script  # noqa: E402
from assay_profile.errors import ProfileError  # noqa: E402
from assay_profile.flame import Picture, draw  # noqa: E402
from assay_profile.perf_script import Window  # noqa: E402
from assay_profile.stacks import Frame, Kind, Stacks, folded, kind_of  # noqa: E402
from assay_profile.tree import LEAST_SHARE, grow, lay_out  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"
PROGRAM = "/a b/bin/simd"
HOSTILE = "<script>alert(1)</script>&\"';\x01\x1b\ud800]]> \N{RIGHT-TO-LEFT OVERRIDE}" + "x" * 300

PERF = """\
simd 100    10.000000:
            1000 clock_init (/a b/bin/simd)
            1001 assay_main (/a b/bin/simd)
            1002 _start (/a b/bin/simd)

simd 101    11.000000:
            2000 inner (inlined)
            2000 outer (/a b/bin/simd)
            2001 assay__run_x (/a b/bin/simd)
            2002 run_body (inlined)
            2002 run_team (/a b/bin/simd)
            2003 bench_run (/a b/bin/simd)
            2004 assay_main (/a b/bin/simd)

simd 101    11.500000:
\tffffffff81000000 clear_page ([kernel.kallsyms])
            3000 [unknown] (/usr/lib/libz.so.1.2.13)
            3001 deflate (/usr/lib/libz.so.1.2.13)
            2001 assay__run_x (/a b/bin/simd)
            2002 run_body (/a b/bin/simd)
            2009 start_thread (/usr/lib/x86_64-linux-gnu/libc.so.6)

odd (name) 12 7 101    12.000000:
            4000 clock_gettime ([vdso])
            4001 next_lap (/a b/bin/simd)
            4002 assay__lap (/a b/bin/simd)
            2001 assay__run_x (/a b/bin/simd)
            2002 run_body (/a b/bin/simd)

simd 101    13.000000:
            2000 make_fixture(int, char (*)[2]) (/a b/bin/simd)
            2001 assay__run_x (/a b/bin/simd)
            2002 run_body (/a b/bin/simd)
"""


def names(stacks: Stacks) -> dict[str, int]:
    return {";".join(f.name for f in stack): n for stack, n in stacks.counts.items()}


def read_perf(text: str, window: Window = Window()) -> Stacks:
    return perf_script.read(text.splitlines(keepends=True), PROGRAM, window)


def read_callgrind(text: str, callers: int = 64) -> Stacks:
    return callgrind.read(text.splitlines(keepends=True), PROGRAM, callers)


def test_perf_stacks_begin_at_the_body() -> None:
    stacks = read_perf(PERF)
    assert names(stacks) == {
        "assay__run_x;outer;inner": 1,
        "assay__run_x;deflate;(in libz.so.1.2.13);clear_page": 1,
        "assay__run_x;assay__lap;next_lap;clock_gettime": 1,
        "assay__run_x;make_fixture(int, char (*)[2])": 1,
    }
    assert (stacks.total, stacks.outside) == (4, 1)


def test_perf_frames_know_where_they_come_from() -> None:
    kinds = {frame.name: frame.kind for stack in read_perf(PERF).counts for frame in stack}
    assert kinds == {
        "assay__run_x": Kind.PROGRAM,
        "outer": Kind.PROGRAM,
        "inner": Kind.PROGRAM,
        "make_fixture(int, char (*)[2])": Kind.PROGRAM,
        "deflate": Kind.LIBRARY,
        "(in libz.so.1.2.13)": Kind.LIBRARY,
        "clear_page": Kind.KERNEL,
        "assay__lap": Kind.HARNESS,
        "next_lap": Kind.HARNESS,
        "clock_gettime": Kind.HARNESS,
    }


def test_perf_samples_outside_the_window_are_not_counted() -> None:
    stacks = read_perf(PERF, Window(10.9, 12.0))
    assert (stacks.total, stacks.outside) == (3, 2)
    assert "make_fixture" not in str(names(stacks))


def test_perf_stack_without_an_end_is_shown_as_such() -> None:
    sample = "simd 1 2.0:\n\t 10 f (/a b/bin/simd)\n\t 11 g (/a b/bin/simd)\n\n"
    assert names(read_perf(sample)) == {"(stack cut off);g;f": 1}


def test_threads_that_the_body_started_stand_apart() -> None:
    sample = (
        "simd 1 2.0:\n\t 10 serve (/a b/bin/simd)\n\t 11 start_thread (/lib/libc.so.6)\n"
        "\t 12 __clone3 (inlined)\n\n"
    )
    assert names(read_perf(sample)) == {"(threads of the body);serve": 1}


def test_perf_sample_without_a_stack_is_no_sample_of_the_body() -> None:
    stacks = read_perf("simd 1 2.0:\n\nsimd 1 2.5:\nnonsense\n\n")
    assert (stacks.total, stacks.outside) == (0, 2)


@pytest.mark.parametrize("text", ["", "\n\n", "nothing like it\n", "\t 10 f (/x)\n"])
def test_perf_without_samples(text: str) -> None:
    stacks = read_perf(text)
    assert (stacks.total, stacks.outside) == (0, 0)


@pytest.mark.parametrize(
    "line, name, kind",
    [
        ("f (/a b/bin/simd (deleted))", "f", Kind.PROGRAM),
        ("operator()(int) const (/x/liba.so.1)", "operator()(int) const", Kind.LIBRARY),
        ("f (/odd (dir)/liba.so)", "f", Kind.LIBRARY),
        ("nft_do_chain ([nf_tables])", "nft_do_chain", Kind.KERNEL),
        ("[unknown] ([unknown])", "(unknown)", Kind.NONE),
        ("jitted (/tmp/perf-1.map)", "jitted", Kind.LIBRARY),
        ("memcpy (/lib/ld-linux-x86-64.so.2)", "memcpy", Kind.LIBC),
        ("f relative.so)", "f relative.so)", Kind.NONE),
    ],
)
def test_perf_frames_of_every_shape(line: str, name: str, kind: Kind) -> None:
    sample = f"simd 1 2.0:\n\t 10 {line}\n\t 11 run_body (/a b/bin/simd)\n"
    assert list(read_perf(sample).counts) == [(Frame(name, kind),)]


@pytest.mark.parametrize(
    "path, kind",
    [
        ("/usr/lib/libc.so.6", Kind.LIBC),
        ("/usr/lib/libc-2.31.so", Kind.LIBC),
        ("/usr/lib/libm.so.6", Kind.LIBC),
        ("/lib/ld-musl-x86_64.so.1", Kind.LIBC),
        ("/usr/lib/libcrypto.so.3", Kind.LIBRARY),
        ("/usr/lib/libcurl.so.4", Kind.LIBRARY),
        ("/lib/modules/6.1/kernel/net.ko.xz", Kind.KERNEL),
        ("[kernel.kallsyms]_text", Kind.KERNEL),
        ("[heap]", Kind.NONE),
        ("", Kind.NONE),
    ],
)
def test_kinds_of_files(path: str, kind: Kind) -> None:
    assert kind_of(path, PROGRAM) is kind


CALLGRIND = """\
# callgrind format
version: 1
creator: callgrind-3.19.0
cmd:  bin/simd
part: 1

desc: Trigger: --dump-before=laps_end

positions: line
events: Ir Dr
summary: 186 0

ob=(1) /a b/bin/simd
fl=(1) suites/simd.c
fn=(1) assay__run_x'run_team'bench_run'assay_main'(below main)
10 7 1
+2 3
fi=(2) suites/simd.h
* 1 1
fe=(1)
cob=(2) /usr/lib/libz.so.1.2.13
cfi=(3) ???
cfn=(2) deflate'assay__run_x'run_team'bench_run'assay_main'(below main)
calls=5 0
-1 170 20
+4
0x20 2

ob=(2)
fl=(3)
fn=(2)
0 100
cfn=(3) 0x00000000000066d0'deflate'assay__run_x'run_team'bench_run'assay_main'(below main)
calls=1 0
0 70
fn=(3)
0 60
cob=(3) /usr/lib/libc.so.6
cfl=(4) ???
cfn=(4) memcpy@@GLIBC_2.14'0x00000000000066d0'deflate'assay__run_x'run_team'bench_run'assay_main'(below main)
calls=1 0
0 10

ob=(3)
fl=(4)
fn=(4)
0 10

ob=(1)
fl=(1)
fn=(9) main'(below main)
1 3
totals: 186 0
"""


def test_callgrind_costs_are_a_functions_own() -> None:
    stacks = read_callgrind(CALLGRIND)
    assert names(stacks) == {
        "assay__run_x": 13,
        "assay__run_x;deflate": 100,
        "assay__run_x;deflate;(0x66d0 in libz.so.1.2.13)": 60,
        "assay__run_x;deflate;(0x66d0 in libz.so.1.2.13);memcpy": 10,
    }
    assert stacks.outside == 3
    assert stacks.total + stacks.outside == 186


def test_callgrind_callers_know_where_they_come_from() -> None:
    kinds = {
        frame.name: frame.kind for stack in read_callgrind(CALLGRIND).counts for frame in stack
    }
    assert kinds == {
        "assay__run_x": Kind.PROGRAM,
        "deflate": Kind.LIBRARY,
        "(0x66d0 in libz.so.1.2.13)": Kind.LIBRARY,
        "memcpy": Kind.LIBC,
    }


def test_callgrind_positions_of_two_columns() -> None:
    text = "positions: instr line\nevents: Ir\nfn=f'run_body\n0x10 1 5\n+3 +1 6\n* * 7\n"
    assert names(read_callgrind(text)) == {"f": 18}


def test_callgrind_name_that_is_first_given_where_it_is_called() -> None:
    text = "fn=(1) f'run_body\ncfn=(2) g'f'run_body\ncalls=2 5\n1 40\n2 1\nfn=(2)\n7 40\n"
    assert names(read_callgrind(text)) == {"f": 1, "f;g": 40}


def test_callgrind_turns_of_a_recursion_are_no_frames() -> None:
    assert names(read_callgrind("fn=(1) f'2'f'run_body\n1 4\n")) == {"f;f": 4}


def test_callgrind_jumps_cost_nothing() -> None:
    text = "fn=(1) f'run_body\n1 4\njump=3 +5\n+1\njcnd=2/5 +2\n+1\n+1 6\n"
    assert names(read_callgrind(text)) == {"f": 10}


def test_callgrind_stack_longer_than_was_asked_for() -> None:
    text = "fn=(1) f'g'h\n1 4\nfn=(2) f'_start\n1 8\n"
    stacks = read_callgrind(text, callers=2)
    assert names(stacks) == {"(stack cut off);h;g;f": 4}
    assert stacks.outside == 8


@pytest.mark.parametrize(
    "text, said",
    [("fn=(7)\n1 4\n", r"names \(7\) before"), ("fn=f'run_body\n1 many\n", "'many' is no cost")],
)
def test_broken_callgrind_files_are_refused(text: str, said: str) -> None:
    with pytest.raises(ProfileError, match=said):
        read_callgrind(text)


def test_folded_stacks_can_be_read_by_others() -> None:
    stacks = Stacks(Counter({(Frame("f;g\n 1", Kind.NONE),): 2, (Frame("h", Kind.NONE),): 3}))
    assert folded(stacks, "simd/a;b") == "simd/a:b;f:g? 1 2\nsimd/a:b;h 3\n"


def some_stacks() -> Stacks:
    """A tree with shares of all sizes, a deep stack, hostile names and names that differ in kind."""
    stacks = Stacks()
    for i in range(200):
        depth = i * 7 % 23
        path = [Frame("run_body", Kind.PROGRAM)]
        path += [Frame(f"f{i * (d + 1) % 5}", list(Kind)[(i + d) % 6]) for d in range(depth)]
        stacks.add([*path, Frame(HOSTILE, Kind.LIBRARY)], 1 + i * i)
    deep = [Frame("run_body", Kind.PROGRAM), *[Frame("deep", Kind.PROGRAM)] * 3000]
    stacks.add(deep, 500_000)
    return stacks


def test_children_fit_below_their_parents() -> None:
    stacks = some_stacks()
    boxes = lay_out(grow(stacks, "simd/x"))
    assert boxes[0].weight == stacks.total and (boxes[0].left, boxes[0].width) == (0, 1)
    open_boxes: list[list[float]] = []
    for box in boxes:
        assert box.weight >= stacks.total * LEAST_SHARE
        assert box.width == pytest.approx(box.weight / stacks.total)
        del open_boxes[box.depth :]
        assert len(open_boxes) == box.depth, "a frame has no parent"
        if open_boxes:
            free_from, end = open_boxes[-1]
            assert free_from <= box.left + 1e-9 and box.left + box.width <= end + 1e-9
            open_boxes[-1][0] = box.left + box.width
        open_boxes.append([box.left, box.left + box.width])
    assert max(box.depth for box in boxes) == 3000


def test_frames_too_narrow_to_be_seen_are_left_out() -> None:
    stacks = Stacks()
    stacks.add([Frame("run_body", Kind.NONE), Frame("big", Kind.NONE)], 9999)
    stacks.add([Frame("run_body", Kind.NONE), Frame("tiny", Kind.NONE)], 1)
    assert [box.frame.name for box in lay_out(grow(stacks, "top"))] == ["top", "big"]


def frames_of(document: tree.Element) -> Iterator[tree.Element]:
    return (e for e in document.iter(f"{SVG}svg") if e.get("class") == "frame")


@pytest.fixture(name="picture", scope="module")
def fixture_picture() -> tree.Element:
    stacks = some_stacks()
    picture = Picture(f"simd/{HOSTILE}", "samples", ["perf: <1> & more"])
    return tree.fromstring(draw(picture, lay_out(grow(stacks, picture.id))).encode())


def test_picture_is_whole_xml_whatever_the_names(picture: tree.Element) -> None:
    assert picture.tag == f"{SVG}svg"
    text = "".join(picture.itertext())
    assert "<script>alert(1)</script>&\"';" in text and "perf: <1> & more" in text
    assert len(list(picture.iter(f"{SVG}script"))) == 1


def test_picture_says_of_each_frame_its_name_share_and_count(picture: tree.Element) -> None:
    total = some_stacks().total
    shares = []
    for frame in frames_of(picture):
        title = frame.findtext(f"{SVG}title")
        assert title is not None
        found = re.fullmatch(r"(?s)(.+): ([\d,]+) samples, (\d+\.\d) %", title)
        assert found is not None, title
        assert found[1] == frame.findtext(f"{SVG}text")
        weight = int(found[2].replace(",", ""))
        assert float(str(frame.get("width"))[:-1]) == pytest.approx(100 * weight / total, abs=1e-4)
        assert found[3] == f"{100 * weight / total:.1f}"
        shares.append(weight)
    assert shares[0] == total and len(shares) > 100


def test_picture_needs_nothing_else(picture: tree.Element) -> None:
    for element in picture.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on"), "an event handler in an attribute"
            assert "href" not in name and name != "style"
            assert "://" not in value
    style = "".join(e.text or "" for e in picture.iter(f"{SVG}style"))
    assert "url(" not in style and "@import" not in style
    classes = {str(e.get("class")) for f in frames_of(picture) for e in f.iter(f"{SVG}rect")}
    assert classes and all(f".{name} " in style for name in classes)


def test_id_is_broken_so_that_a_telephone_shows_it() -> None:
    identifier = "suite/" + "a" * 30 + "/" + "b" * 100 + "//" + "1/2"
    stacks = Stacks()
    stacks.add([Frame("run_body", Kind.NONE), Frame("f", Kind.NONE)], 1)
    text = draw(Picture(identifier, "samples", []), lay_out(grow(stacks, identifier)))
    lines = [e.text or "" for e in tree.fromstring(text.encode()).iter() if e.get("class") == "id"]
    assert "".join(lines) == identifier
    assert max(map(len, lines)) <= 44
