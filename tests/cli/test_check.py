"""The programs behind `make check` and `make test`: what they find, count and conclude."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"


def python(script: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPTS / script, *words], capture_output=True, text=True, timeout=30
    )


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


HEADERS = {
    "framework/assay.h": "",
    "framework/src/base/text.h": "",
    "framework/src/measure/clock.h": "",
    "framework/src/app/runner.h": "",
    "otlp/include/otlp.h": "#include <otlp/ids.h>\n",
    "otlp/include/otlp/ids.h": "#include <stdint.h>\n",
    "otlp/src/hash.h": "",
    "suites/common/telemetry.h": "#include <otlp.h>\n",
}


@pytest.mark.parametrize(
    "source, include",
    [
        ("framework/src/base/text.c", '"text.h"'),
        ("framework/src/base/text.c", "<assay.h>"),
        ("framework/src/measure/clock.c", '"base/text.h"'),
        ("framework/src/app/main.c", '"measure/clock.h"'),
        ("framework/tools/assay.c", '"app/runner.h"'),
        ("otlp/src/ids.c", "<otlp/ids.h>"),
        ("otlp/src/ids.c", '"hash.h"'),
        ("otlp/src/pb.c", '"opentelemetry/proto/trace/v1/trace.pb-c.h"'),
        ("suites/simd.c", "<assay.h>"),
        ("suites/simd.c", "<otlp.h>"),
        ("suites/simd.c", '"common/telemetry.h"'),
        ("suites/simd.c", "<immintrin.h>"),
    ],
)
def test_includes_along_the_arrows_are_fine(tmp_path: Path, source: str, include: str) -> None:
    root = tree(tmp_path, {**HEADERS, source: f"#include {include}\n"})
    done = python("check_includes.py", root)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "source, include",
    [
        ("framework/src/base/text.c", '"measure/clock.h"'),
        ("framework/src/base/text.c", '"../app/runner.h"'),
        ("framework/src/measure/clock.c", '"app/runner.h"'),
        ("framework/src/app/main.c", "<otlp.h>"),
        ("framework/src/app/main.c", '"../../../otlp/src/hash.h"'),
        ("framework/tools/assay.c", "<otlp/ids.h>"),
        ("otlp/src/ids.c", "<assay.h>"),
        ("otlp/src/ids.c", '"base/text.h"'),
        ("otlp/include/otlp/more.h", '"hash.h"'),
        ("suites/simd.c", '"base/text.h"'),
        ("suites/simd.c", '"hash.h"'),
        ("suites/simd.c", '"nowhere.h"'),
        ("framework/src/extra/new.c", "<stdio.h>"),
    ],
)
def test_includes_against_the_arrows_are_found(tmp_path: Path, source: str, include: str) -> None:
    root = tree(tmp_path, {**HEADERS, source: f"#include <stdio.h>\n\n#  include {include}\n"})
    done = python("check_includes.py", root)
    assert done.returncode == 1
    (finding,) = done.stdout.splitlines()
    assert finding.startswith(f"{source}:")


def c_function(lines: int) -> str:
    return "int f(void)\n{\n" + "    g();\n" * lines + "}\n"


def python_function(lines: int) -> str:
    return "def f():\n" + "    g()\n" * lines


@pytest.mark.parametrize(
    "name, text, findings",
    [
        ("a.c", c_function(70), 0),
        ("a.c", c_function(71), 1),
        ("a.sh", "f() # NAME\n{\n" + "    g\n" * 71 + "}\n", 1),
        ("a.py", python_function(70), 0),
        ("a.py", python_function(71), 1),
        ("a.h", "int x;\n" * 600, 0),
        ("a.h", "int x;\n" * 601, 1),
        ("a.c", c_function(71) + c_function(3) + c_function(72), 2),
    ],
)
def test_sizes_are_held_to_their_limits(
    tmp_path: Path, name: str, text: str, findings: int
) -> None:
    path = tmp_path / name
    path.write_text(text)
    done = python("check_sizes.py", path)
    assert len(done.stdout.splitlines()) == findings
    assert done.returncode == (1 if findings else 0)


# Builds nothing; the programs of the tests are there already.
MAKEFILE = "all tests probes:\n\t@:\n"


class Sandbox:
    """A folder with run-tests.sh and unit tests that say what they are told to."""

    def __init__(self, root: Path) -> None:
        self.root = tree(root, {"Makefile": MAKEFILE, "tests/unit/.keep": ""})
        (root / "scripts").mkdir()
        for name in ("run-tests.sh", "find-python.sh"):
            shutil.copy(SCRIPTS / name, root / "scripts")

    def unit(self, name: str, text: str, status: int = 0) -> None:
        (self.root / "tests" / "unit" / f"{name}.c").write_text("")
        for folder in ("out", "out-asan"):
            path = self.root / folder / "tests" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"#!/bin/sh\ncat <<'END' >&2\n{text}\nEND\nexit {status}\n")
            path.chmod(0o755)

    def run(self, *parts: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "scripts" / "run-tests.sh", *parts],
            env={**os.environ, "BUILD": "out"},
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def tests(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path / "a copy")


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.splitlines()[-1]


def test_counts_are_summed_over_variants_and_pytest(tests: Sandbox) -> None:
    tests.unit("test_a", "[==========] Running 3 test(s).\n[  PASSED  ] 3 test(s).")
    tests.unit("test_b", "[  PASSED  ] 1 test(s).\n[  SKIPPED ] 2 test(s), listed below:")
    skip = "import pytest\ndef test_x(): pass\ndef test_y(): pytest.skip('no reason')\n"
    tree(tests.root, {"tests/test_z.py": skip})
    done = tests.run()
    assert done.returncode == 0, done.stdout
    assert last_line(done) == "9 passed, 0 failed, 5 skipped"
    assert "no reason" in done.stdout


def test_a_failure_is_counted_and_shown(tests: Sandbox) -> None:
    tests.unit(
        "test_a", "because\n[  PASSED  ] 2 test(s).\n[  FAILED  ] 1 test(s), listed below:", 1
    )
    tree(tests.root, {"tests/test_z.py": "def test_x(): assert 1 == 2\n"})
    done = tests.run("unit", "pytest")
    assert done.returncode == 1
    assert last_line(done) == "2 passed, 2 failed"
    assert "because" in done.stdout and "assert 1 == 2" in done.stdout


@pytest.mark.parametrize("status", [1, 134])
def test_a_crash_counts_as_a_failure(tests: Sandbox, status: int) -> None:
    tests.unit("test_a", "[  PASSED  ] 2 test(s).", status)
    done = tests.run("unit")
    assert (done.returncode, last_line(done)) == (1, "2 passed, 1 failed")


def test_a_program_that_tests_nothing_is_a_failure(tests: Sandbox) -> None:
    tests.unit("test_a", "hello")
    done = tests.run("unit")
    assert (done.returncode, last_line(done)) == (1, "0 passed, 1 failed")


def test_a_program_that_is_missing_is_a_failure(tests: Sandbox) -> None:
    (tests.root / "tests" / "unit" / "test_a.c").write_text("")
    done = tests.run("unit")
    assert (done.returncode, last_line(done)) == (1, "0 passed, 1 failed")


def test_a_test_file_that_cannot_be_loaded_is_a_failure(tests: Sandbox) -> None:
    tree(tests.root, {"tests/test_z.py": "import no_such_module\n"})
    done = tests.run("pytest")
    assert (done.returncode, last_line(done)) == (1, "0 passed, 1 failed")


def test_a_broken_build_is_a_failure_and_is_shown(tests: Sandbox) -> None:
    tests.unit("test_a", "[  PASSED  ] 2 test(s).")
    tree(tests.root, {"Makefile": "all tests probes:\n\t@echo 'says make'; false\n"})
    done = tests.run("unit")
    assert (done.returncode, last_line(done)) == (1, "0 passed, 1 failed")
    assert "says make" in done.stdout


def test_no_test_at_all_is_an_error(tests: Sandbox) -> None:
    done = tests.run()
    assert (done.returncode, last_line(done)) == (1, "0 passed, 0 failed")
    assert "no test" in done.stderr


@pytest.mark.parametrize("bad", ["test", "check"])
def test_ci_closes_with_the_tests_line_and_fails_when_either_does(tmp_path: Path, bad: str) -> None:
    recipes = {"test": "@echo '4 passed, 0 failed'", "check": "@echo 'check: clean'"}
    recipes[bad] += "; exit 1"
    makefile = "".join(f"{target}:\n\t{recipe}\n" for target, recipe in recipes.items())
    tree(tmp_path, {"Makefile": makefile, ".ci/.keep": ""})
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    done = subprocess.run(["bash", tmp_path / ".ci" / "run"], capture_output=True, text=True)
    assert done.returncode == 1
    assert last_line(done) == "4 passed, 0 failed"
    assert "check: clean" in done.stdout
