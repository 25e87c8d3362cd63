"""A tiny suite of two files, built as the Makefile builds suites, or with one thing changed.

`used` and `other` are two benchmarks of the same file that share nothing.
"""

import shutil
import subprocess
from pathlib import Path

from suite_program import BUILD, ROOT

COMPILERS = {
    "gcc": ("gcc",),
    "clang": ("clang",),
    "clang-lld": ("clang", "-fuse-ld=lld"),
}
COMPILE = (
    *("-std=c11", "-D_GNU_SOURCE", "-O2", "-falign-functions=64", "-falign-loops=32"),
    *("-ffp-contract=off", "-fPIC", "-fvisibility=hidden", f"-I{ROOT / 'framework'}", "-I."),
)
LIBRARIES = (str(BUILD / "lib" / "libassay.a"), "-ljansson", "-lm", "-ldl", "-pthread")
RELOCS = "-Wl,--emit-relocs"

SUITE = """\
#include <assay.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "part.h"

ASSAY_SUITE("tiny");

#define HIDE(x) __asm__ volatile("" : "+r"(x))
#define ALONE static __attribute__((noinline))

static volatile int counter = 5;
static const int weights[] = {3, 1, 4, 1, 5, 9, 2, 6};
static char buffer[4096];
static _Thread_local int depth = 2;
static volatile int prepared;

ALONE int inner(int x) { HIDE(x); return x + 11; }
ALONE int outer(int x) { HIDE(x); return inner(x) * 3; }
ALONE int step_one(int x) { HIDE(x); return x + 1; }
ALONE int step_two(int x) { HIDE(x); return x ^ 21; }
static int (*const steps[])(int) = {step_one, step_two};
static inline int scaled(int x) { return x * 7; }

ALONE int choose(int x)
{
    HIDE(x);
    switch (x) {
    case 0: case 5: return outer(x);
    case 1: case 6: return inner(x + 2);
    case 2: case 7: return step_one(x);
    case 3: case 8: return step_two(x);
    case 4: case 9: return part_work(x);
    default: return 0;
    }
}

ALONE size_t measure(const char *text) { HIDE(text); return strlen(text); }

__attribute__((constructor)) static void prepare(void) { prepared = 3; }

ASSAY_BENCH(used, .tags = "tiny")
{
    int x = 1;
    ASSAY_LOOP(b) {
        HIDE(x);
        x = scaled(choose(x & 15)) + steps[x & 1](x) + weights[x & 7] + counter + depth++;
        x += (int)measure("a literal of the used one") + buffer[x & 4095] + prepared;
        buffer[x & 4095] = (char)x;
        assay_keep(x);
    }
}

static const double shares[] = {0.5, 0.25, 0.125};
ALONE double share(unsigned x) { HIDE(x); return shares[x % 3] * 1.0625; }

ASSAY_BENCH(other)
{
    unsigned x = 1;
    if (part_work(1) == 0) {
        assay_fail(b, "a literal of the other one");
    }
    ASSAY_LOOP(b) {
        HIDE(x);
        assay_keep(share(x++));
    }
}
"""
PART_H = "int part_work(int x);\n"
PART = """\
#include "part.h"
static const char *const words[] = {"alpha", "beta", "gamma"};
int part_work(int x) { __asm__ volatile("" : "+r"(x)); return words[x & 1][x & 3] + 100; }
"""
FILES = {"part.h": PART_H, "suite.c": SUITE, "part.c": PART}


def run(*command: object, folder: Path) -> None:
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


class Builder:
    """Builds variants of the tiny suite with one compiler."""

    def __init__(self, compiler: tuple[str, ...], folder: Path) -> None:
        self.compiler = compiler
        self.folder = folder
        self.count = 0
        self.compiled: dict[tuple[str, tuple[str, ...]], Path] = {}
        self.plain = self.build()

    def objects(self, files: dict[str, str], *flags: str) -> Path:
        """A folder with the sources and an object of each, compiled unless that was done before."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)
            target = (folder / name).with_suffix(".o")
            if not name.endswith(".c"):
                continue
            known = self.compiled.get((text, flags))
            if known is None:
                run(self.compiler[0], *COMPILE, *flags, "-c", name, folder=folder)
                self.compiled[text, flags] = target
            else:
                shutil.copyfile(known, target)
        return folder

    def build(self, files: dict[str, str] | None = None, *flags: str, link: str = RELOCS) -> Path:
        folder = self.objects(FILES if files is None else files, *flags)
        found = sorted(folder.glob("*.o"))
        run(*self.compiler, *flags, link, *found, *LIBRARIES, "-o", "tiny", folder=folder)
        return folder / "tiny"

    def changed(self, name: str, old: str, new: str) -> Path:
        assert FILES[name].count(old) == 1, old
        return self.build({**FILES, name: FILES[name].replace(old, new)})
