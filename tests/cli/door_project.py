"""A copy of run_benchmarks.sh in a folder of its own, with programs that do as told."""

import os
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Lists its ids, or writes a result file and ends with the status that it finds in a file beside it.
SUITE = r"""#!/bin/bash
here=$(dirname "$0") name=$(basename "$0") folder= list=false save= words=()
echo "$name $*" >>"$here/../calls"
while [ $# -gt 0 ]; do
    case $1 in
        --list) list=true ;;
        --results-dir) folder=$2; shift ;;
        --save-baseline) save=$2; shift ;;
        --load-baseline) echo "$name/b0 as stored in $2"; exit "$(cat "$here/$name.load" 2>/dev/null || echo 0)" ;;
        --format | --time-budget | --baseline | --sample-size) shift ;;
        --doctor) echo "doctor of $name"; exit 0 ;;
        --bad) echo "$name: unknown option '--bad'" >&2; exit 2 ;;
        --*) ;;
        *) words+=("$1") ;;
    esac
    shift
done
if $list; then
    grep -E -- "${words[0]:-.}" "$here/$name.ids" && exit 0
    echo "$name: no benchmark matches" >&2
    exit 2
fi
trap 'echo "{}" >"$folder/$name.json"; exit 130' INT
for _ in $(seq 1 "$(cat "$here/$name.tenths" 2>/dev/null || echo 0)"); do sleep 0.1; done
status=$(cat "$here/$name.status" 2>/dev/null || echo 0)
[ "$status" = 11 ] && kill -SEGV $$
case $status in 2 | 4) echo "$name: no" >&2 ;; *) echo '{}' >"$folder/$name.json" ;; esac
if [ -n "$save" ] && [ "$status" != 4 ]; then
    mkdir -p "baselines/$save"
    echo '{}' >"baselines/$save/$name.json.new"
    mv "baselines/$save/$name.json.new" "baselines/$save/$name.json"
fi
echo "results of $name"
exit "$status"
"""

ASSAY = r"""#!/bin/bash
echo "assay $*"
"""

REPORT = r"""
import pathlib, sys
assert list(pathlib.Path(sys.argv[1]).glob("*.json"))
page = pathlib.Path(__file__).parent / "html" / "index.html"
page.parent.mkdir(exist_ok=True)
page.write_text("<title>report</title>")
print("1 suite")
print(page)
"""


class Project:
    """A copy of the scripts, without sources, in a path with spaces."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "the bin"
        self.calls = root / "calls"
        self.bin.mkdir(parents=True)
        shutil.copy(ROOT / "run_benchmarks.sh", root)
        shutil.copytree(ROOT / "scripts", root / "scripts")
        (root / "framework").mkdir()
        shutil.copy(ROOT / "framework" / "assay.h", root / "framework")
        (root / "reports").mkdir()
        (root / "reports" / "report.py").write_text(REPORT)
        self.program("assay", ASSAY)

    def program(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def suite(self, name: str, status: int = 0, benchmarks: int = 2, tenths: int = 0) -> None:
        self.program(name, SUITE)
        ids = "".join(f"{name}/b{i}\n" for i in range(benchmarks))
        (self.bin / f"{name}.ids").write_text(ids)
        (self.bin / f"{name}.status").write_text(str(status))
        (self.bin / f"{name}.tenths").write_text(str(tenths))

    def environment(self) -> dict[str, str]:
        return {**os.environ, "ASSAY_BIN_DIR": str(self.bin)}

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "run_benchmarks.sh", *words],
            cwd=cwd or self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [self.root / "run_benchmarks.sh", *words],
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def measured(self) -> list[str]:
        """The suites that were run, in order."""
        return [line.split()[0] for line in self.called() if "--results-dir" in line]

    def runs(self) -> list[Path]:
        return sorted(p for p in (self.root / "results").glob("2*") if p.is_dir())


# Notes its arguments and what the old side is, writes what it was asked for, ends as told.
COMPARING_ASSAY = r"""#!/bin/bash
here=$(dirname "$0")
printf '%s\n' "$@" >"$here/../assay.arguments"
command=$1
cat "$2" "$2"/* >"$here/../assay.old" 2>/dev/null
while [ $# -gt 0 ]; do
    case $1 in
        --out) out=$2 ;;
        --markdown) markdown=$2 ;;
        --junit) junit=$2 ;;
    esac
    shift
done
keep() { [ -e "$here/assay.none" ] || echo '{}' >"$out/$command.json"; }
trap 'keep; exit 130' INT
for _ in $(seq 1 "$(cat "$here/assay.tenths" 2>/dev/null || echo 0)"); do sleep 0.1; done
status=$(cat "$here/assay.status" 2>/dev/null || echo 0)
[ "$status" = 11 ] && kill -SEGV $$
keep
[ -z "$markdown" ] || echo '# what changed' >"$markdown"
[ -z "$junit" ] || echo '<testsuites/>' >"$junit"
echo 'the verdicts'
exit "$status"
"""

# The "build" of a commit: what is in its folder stubs, and a line in a log outside.
MAKEFILE = """suites all:
\t@mkdir -p $(BUILD)/bin
\t@cp stubs/* $(BUILD)/bin
\t@echo "$(VARIANT) $(CC) $(CFLAGS)" >>"$$BUILD_LOG"
layouts:
\t@mkdir -p $(BUILD)/bin/layouts/$(LAYOUTS)
\t@echo "layouts $(LAYOUTS) $(SUITE_FILTER)" >>"$$BUILD_LOG"
"""


class Door(Project):
    """A git repository of two commits, `old` and `main`, whose suites say which commit they are of."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.more: dict[str, str] = {}
        self.log = root / "build.log"
        self.program("assay", COMPARING_ASSAY)
        for name in ("simd", "batching", "e2e"):
            self.suite(name)
        (root / "Makefile").write_text(MAKEFILE)
        (root / "stubs").mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("old")
        self.git("tag", "old")
        self.commit("new")

    def environment(self) -> dict[str, str]:
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("GIT", "CFLAGS"))}
        here = {"ASSAY_BIN_DIR": str(self.bin), "BUILD_LOG": str(self.log)}
        return {**outside, **here, "GIT_CEILING_DIRECTORIES": str(self.root.parent), **self.more}

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
        command = ["git", "-C", str(self.root), *identity, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, text: str) -> str:
        """Commits suites that say `text`; returns the hash."""
        for name in ("simd", "batching", "e2e"):
            (self.root / "stubs" / name).write_text(f"{name} of {text}\n")
            (self.root / "stubs" / name).chmod(0o755)
        self.git("add", "Makefile", "stubs", "scripts", "run_benchmarks.sh", "framework")
        self.git("commit", "--quiet", "-m", text)
        return self.git("rev-parse", "HEAD")

    def baseline(self, name: str, *suites: str) -> None:
        folder = self.root / "baselines" / name / "bin"
        folder.mkdir(parents=True)
        for suite in suites:
            (folder / suite).write_text(f"{suite} of baseline {name}\n")
            (folder / suite).chmod(0o755)

    def arguments(self) -> list[str]:
        """What assay was told."""
        return (self.root / "assay.arguments").read_text().splitlines()

    def told(self, option: str) -> str:
        words = self.arguments()
        return words[words.index(option) + 1]

    def compared(self) -> str:
        """What the old executables say."""
        return (self.root / "assay.old").read_text()

    def builds(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def refs(self) -> list[Path]:
        return sorted(p for p in (self.root / "build" / "refs").iterdir() if p.is_dir())

    def worktrees(self) -> list[str]:
        return self.git("worktree", "list", "--porcelain").count("worktree ") * ["worktree"]


# Has one benchmark (or those in a file), and ends as it finds it told in files beside it.
PROFILED_SUITE = r"""#!/bin/bash
here=$(dirname "$0") list=false id=
echo "simd $*" >>"$here/../calls"
while [ $# -gt 0 ]; do
    case $1 in
        --list) list=true ;;
        --exact) id=$2; shift ;;
        --bad) echo "assay: unknown option '--bad'" >&2; exit 2 ;;
    esac
    shift
done
if $list; then
    [ -n "$id" ] || exec cat "$here/simd.ids"
    grep -x -F -- "$id" "$here/simd.ids" && exit 0
    echo "assay: no benchmark matches \"$id\"; did you mean simd/sum/8?" >&2
    exit 2
fi
sleep "$(cat "$here/simd.seconds" 2>/dev/null || echo 0)"
echo "profile $id ... $(cat "$here/simd.says" 2>/dev/null || echo ok)"
echo "    laps from 10.5 s to 20.5 s of CLOCK_MONOTONIC"
exit "$(cat "$here/simd.status" 2>/dev/null || echo 0)"
"""

PERF = r"""#!/bin/bash
here=$(dirname "$0")
echo "perf $*" >>"$here/../calls"
case $1 in
    record)
        if [ -e "$here/perf.refuses" ]; then cat "$here/perf.refuses" >&2; exit 255; fi
        while [ "$1" != -- ]; do [ "$1" != -o ] || echo data >"$2"; shift; done
        shift
        "$@"
        ;;
    script)
        if [ -e "$here/perf.slow" ] && [[ "$*" != *--no-inline* && "$*" == *comm* ]]; then
            echo "perf: out of patience" >&2
            exit 1
        fi
        cat "$here/perf.samples"
        ;;
    evlist) echo cpu-clock:u ;;
esac
"""

SAMPLES = """\
simd 7    10.000000:
            1 make_fixture (/x/simd)
            2 assay__run_sum (/x/simd)
            3 run_body (/x/simd)

simd 7    11.000000:
            1 add (/x/simd)
            2 assay__run_sum (/x/simd)
            3 run_body (/x/simd)

"""

VALGRIND = r"""#!/bin/bash
here=$(dirname "$0") out=
echo "valgrind $*" >>"$here/../calls"
if [ -e "$here/valgrind.refuses" ]; then cat "$here/valgrind.refuses" >&2; exit 1; fi
while [[ $1 == -* ]]; do
    [[ $1 != --callgrind-out-file=* ]] || out=${1#*=}
    shift
done
"$@" || exit
[ -e "$here/valgrind.none" ] && exit 0
printf 'events: Ir\nob=/x/simd\nfn=(1) %s\n1 700\n' "add'assay__run_sum'run_team'assay_main" >"${out/\%p/7}.1"
printf 'events: Ir\nob=/x/simd\nfn=(1) %s\n1 900\n' "make_fixture'assay__run_sum'run_team" >"${out/\%p/7}"
"""


class Profiled(Project):
    """The scripts with a suite of one benchmark; perf and valgrind are there when they are asked for."""

    def __init__(self, root: Path, tools: Path) -> None:
        super().__init__(root)
        for name in ("flame.py", "assay_profile"):
            source = ROOT / "reports" / name
            target = root / "reports" / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        self.fakes = root / "fakes"
        self.fakes.mkdir()
        self.path = f"{self.fakes}:{tools}"
        self.program("simd", PROFILED_SUITE)
        (self.bin / "simd.ids").write_text("simd/sum/8\nsimd/sum/64\n")

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PATH": self.path, "PYTHONDONTWRITEBYTECODE": "1"}

    def fake(self, name: str, text: str) -> None:
        (self.fakes / name).write_text(text)
        (self.fakes / name).chmod(0o755)

    def with_perf(self, samples: str = SAMPLES) -> None:
        self.fake("perf", PERF)
        (self.fakes / "perf.samples").write_text(samples)

    def with_valgrind(self) -> None:
        self.fake("valgrind", VALGRIND)

    def say(self, name: str, text: str) -> None:
        (self.bin / f"simd.{name}").write_text(text)

    def written(self) -> list[str]:
        folder = self.root / "reports" / "profiles"
        return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def wait_for(condition: Path) -> None:
    for _ in range(100):
        if condition.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{condition} did not appear")
