"""Allocations are counted exactly, whichever allocator is linked and whoever calls it."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from suite_program import BUILD, FAST, ROOT, Bench, by_id

COUNTS = ("allocations", "allocated_bytes", "frees", "freed_bytes", "peak_live_bytes")
DYNAMIC = ("allocating", "allocating_jemalloc")
JEMALLOC = "libjemalloc.so.2"
LIBRARIES = ("-ljansson", "-lm", "-pthread", "-ldl")

# What an iteration does, and the most bytes at a time; None: not the same in every lap.
EXACT: dict[str, tuple[float | None, ...]] = {
    "three/threads:1": (3, 300, 2, 200, None),
    "three/threads:2": (3, 300, 2, 200, None),
    "three/threads:4": (3, 300, 2, 200, None),
    "none": (0, 0, 0, 0, 0),
    "resized": (3, 1030, 3, 1030, 1000),
    "array": (2, 900, 2, 900, 600),
    "aligned": (4, 278, 4, 278, 278),
    "refused": (0, 0, 0, 0, 0),
    "by_libc": (1, 13, 1, 13, 13),
    "older": (1, 30, 1, 70, 30),
    "paused": (1, 20, 1, 20, 20),
    "peak": (3, 2200, 3, 2200, 1500),
    "forks": (1, 40, 1, 40, 40),
    "million": (1, None, 1, None, None),
}


def metrics_of(benchmark: dict[str, Any]) -> dict[str, Any]:
    found = {m["name"]: m for m in benchmark["metrics"] if m["source"] == "allocator"}
    assert tuple(found) == COUNTS
    for name, metric in found.items():
        assert metric["unit"] == ("B" if name.endswith("_bytes") else None)
    return found


def measured(bench: Bench, program: str, *arguments: str) -> dict[str, dict[str, Any]]:
    run = bench.run(program, *arguments)
    assert run.status == 0, run
    document = bench.result("allocating" if program.startswith("allocating") else program)
    return {name: metrics_of(b) for name, b in by_id(document).items()}


def assert_exact(metric: dict[str, Any], value: float) -> None:
    assert metric["state"] == "measured" and metric["reason"] is None, metric
    assert metric["lower"] == metric["value"] == metric["upper"] == value, metric


@pytest.mark.parametrize("program", DYNAMIC)
def test_counts_are_exact(bench: Bench, program: str) -> None:
    found = measured(bench, program, *EXACT, "--skip", "starts_threads|resident|grows|by_library")
    assert set(found) == set(EXACT)
    for name, expected in EXACT.items():
        for count, value in zip(COUNTS, expected):
            if value is not None:
                assert_exact(found[name][count], value)


def test_a_number_of_threads_that_the_source_does_not_list(bench: Bench) -> None:
    found = measured(bench, "allocating", "three", "--threads", "3")["three/threads:3"]
    assert_exact(found["allocations"], 3)
    assert_exact(found["freed_bytes"], 200)


@pytest.mark.parametrize("program", DYNAMIC)
def test_what_a_library_allocates_is_counted(bench: Bench, program: str) -> None:
    found = measured(bench, program, "by_library")["by_library"]
    assert_exact(found["allocations"], 1)
    assert_exact(found["frees"], 1)
    size = found["allocated_bytes"]["value"]
    assert 16 <= size <= 64
    assert_exact(found["freed_bytes"], size)
    assert_exact(found["peak_live_bytes"], size)


def test_an_amortised_cost_varies_and_is_never_negative(bench: Bench) -> None:
    found = measured(bench, "allocating", "grows")["grows"]
    for name in COUNTS:
        assert found[name]["state"] == "measured"
        assert 0 <= found[name]["lower"] < found[name]["upper"], found[name]
        assert found[name]["lower"] <= found[name]["value"] <= found[name]["upper"]
    assert found["allocations"]["upper"] < 0.1


def test_a_kept_block_raises_the_peak_with_the_iterations(bench: Bench) -> None:
    peak = measured(bench, "allocating", "three/threads:1")["three/threads:1"]["peak_live_bytes"]
    assert peak["value"] == peak["upper"] > peak["lower"] >= 300


def test_a_steady_state_has_a_small_peak_among_a_million_blocks(bench: Bench) -> None:
    peak = measured(bench, "allocating", "million")["million"]["peak_live_bytes"]
    assert 0 <= peak["value"] < 80


def test_threads_of_the_body_s_own_do_not_count(bench: Bench) -> None:
    found = measured(bench, "allocating", "starts_threads")["starts_threads"]
    assert found["allocated_bytes"]["upper"] < 5000


def test_an_allocator_from_the_user_s_environment_is_counted(bench: Bench) -> None:
    bench.env["LD_PRELOAD"] = bench.env["EXPECTED_PRELOAD"] = JEMALLOC
    found = measured(bench, "allocating", "three/threads:2", "aligned")
    assert_exact(found["three/threads:2"]["allocations"], 3)
    assert_exact(found["aligned"]["allocated_bytes"], 278)
    # In the probe, programs that the body starts see the user's own setting and no file of Assay's.
    environment = measured(bench, "probed", "environment")["environment"]
    assert_exact(environment["allocations"], 1)
    bench.env["EXPECTED_PRELOAD"] = "another"
    assert bench.run("probed", "environment").status == 3


def test_the_environment_is_as_without_a_probe(bench: Bench) -> None:
    assert_exact(measured(bench, "probed", "environment")["environment"]["allocations"], 1)


def peak_rss(document: dict[str, Any], name: str) -> dict[str, Any]:
    benchmark = by_id(document)[name]
    (metric,) = [m for m in benchmark["metrics"] if m["source"] == "process"]
    assert metric["name"] == "peak_rss_bytes" and metric["unit"] == "B"
    return dict(metric)


def test_the_peak_of_a_process_is_its_own(bench: Bench) -> None:
    run = bench.run("allocating", "resident", "resized", "--no-probes")
    assert run.status == 0, run
    large = peak_rss(bench.result("allocating"), "resident")
    small = peak_rss(bench.result("allocating"), "resized")  # runs after the large one
    assert large["state"] == small["state"] == "measured"
    assert 64 << 20 <= large["value"] < 200 << 20
    assert 100_000 < small["value"] < 32 << 20


CPP = r"""
#include <assay.h>
#include <memory>
#include <new>
#include <string>
#include <vector>

ASSAY_SUITE("allocating");

struct alignas(128) wide { char bytes[200]; };

ASSAY_BENCH(operators)
{
    ASSAY_LOOP(b) {
        int *one = new int;
        char *many = new char[100];
        wide *aligned = new wide;
        char *quiet = new (std::nothrow) char[30];
        assay_touch(one);
        assay_touch(many);
        assay_touch(aligned);
        assay_touch(quiet);
        delete one;
        delete[] many;
        delete aligned;
        delete[] quiet;
    }
}

ASSAY_BENCH(thrown)
{
    size_t absurd = SIZE_MAX / 4;
    ASSAY_LOOP(b) {
        assay_touch(&absurd);
        try {
            assay_touch(::operator new(absurd));
        } catch (const std::bad_alloc &) {
        }
        assay_touch(::operator new(0x50));
    }
}

ASSAY_BENCH(strings)
{
    ASSAY_LOOP(b) {
        std::string text(1000, 'x');
        assay_touch(text.data());
    }
}

int main(int argc, char **argv) { return assay_main(argc, argv); }
"""


def compiled(*command: str | Path) -> None:
    done = subprocess.run([str(w) for w in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("allocator", [(), ("-Wl,--no-as-needed", "-ljemalloc")])
def test_cpp(bench: Bench, allocator: tuple[str, ...]) -> None:
    source = bench.folder / "bench.cpp"
    program = bench.folder / "bench"
    source.write_text(CPP)
    library = BUILD / "lib" / "libassay.a"
    flags = ("-std=gnu++20", "-O2", f"-I{ROOT / 'framework'}")
    compiled("g++", *flags, source, library, *allocator, *LIBRARIES, "-o", program)
    run = bench.run_command([str(program), *FAST])
    assert run.status == 0, run
    found = {name: metrics_of(b) for name, b in by_id(bench.result("allocating")).items()}
    total = 4 + 100 + 256 + 30
    for name, value in zip(COUNTS, (4, total, 4, total, total)):
        assert_exact(found["operators"][name], value)
    assert_exact(found["strings"]["allocations"], 1)
    assert_exact(found["strings"]["allocated_bytes"], 1001)
    assert_exact(found["strings"]["frees"], 1)
    # What the exception itself takes is the C++ library's: at least, it is freed again.
    thrown = found["thrown"]
    assert thrown["allocations"]["value"] == thrown["frees"]["value"] + 1
    assert thrown["allocated_bytes"]["value"] == thrown["freed_bytes"]["value"] + 0x50


C_PROGRAM = r"""
#include <assay.h>
#include <stdlib.h>

ASSAY_SUITE("allocating");

ASSAY_BENCH(one)
{
    ASSAY_LOOP(b) {
        void *block = malloc(77);
        assay_touch(block);
        free(block);
    }
}
"""

LINKS: dict[str, tuple[str, ...]] = {
    "static library": ("libassay.a",),
    "shared library": ("libassay.so", f"-Wl,-rpath,{BUILD / 'lib'}"),
    "LTO": ("libassay.a", "-flto"),
    "no PIE": ("libassay.a", "-no-pie"),
}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("how", LINKS)
def test_however_it_is_linked(bench: Bench, compiler: str, how: str) -> None:
    source = bench.folder / "bench.c"
    program = bench.folder / "bench"
    source.write_text(C_PROGRAM)
    library, *flags = LINKS[how]
    lld = ("-fuse-ld=lld",) if (compiler, how) == ("clang", "LTO") else ()
    compiled(
        *(compiler, "-std=c11", "-O2", f"-I{ROOT / 'framework'}", source),
        *(BUILD / "lib" / library, *flags, *lld, *LIBRARIES, "-o", program),
    )
    run = bench.run_command([str(program), *FAST])
    assert run.status == 0, run
    found = metrics_of(by_id(bench.result("allocating"))["one"])
    assert_exact(found["allocations"], 1)
    assert_exact(found["allocated_bytes"], 77)
