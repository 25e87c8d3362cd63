"""scripts/setup.sh and scripts/find-python.sh, on this machine and on pretended ones."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "scripts" / "setup.sh"

# What a minimal system has: enough for the script itself.
BASICS = "bash cat dirname env grep mktemp realpath rm sed tail true".split()

DPKG_QUERY = r"""#!/bin/bash
echo "dpkg-query" >>"$STATE/calls"
for name in "$@"; do
    case $name in -* | *'$'*) continue ;; esac
    if grep -qxF "$name" "$STATE/absent"; then
        echo "dpkg-query: no packages found matching $name" >&2
    else
        echo "$name installed"
    fi
done
exit 1
"""

APT_GET = r"""#!/bin/bash
echo "apt-get $* [$DEBIAN_FRONTEND]" >>"$STATE/calls"
echo "noise of apt-get"
case " $* " in
    *" install "*)
        [ -e "$STATE/broken" ] && { echo "E: no network" >&2; exit 100; }
        for name in "$@"; do
            grep -vxF "$name" "$STATE/absent" >"$STATE/rest"
            cat "$STATE/rest" >"$STATE/absent"
        done ;;
esac
exit 0
"""

APT_CACHE = r"""#!/bin/bash
! grep -qxF "${@: -1}" "$STATE/unknown" 2>/dev/null
"""

ID = r"""#!/bin/bash
cat "$STATE/uid"
"""

SUDO = r"""#!/bin/bash
echo "sudo $*" >>"$STATE/calls"
[ "$1" = -n ] || exit 9
shift
[ -e "$STATE/password" ] && { echo "sudo: a password is required" >&2; exit 1; }
exec "$@"
"""


class Machine:
    """A PATH of its own with pretended package tools, which log what they are asked."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.bin = folder / "bin"
        self.state.mkdir(parents=True)
        self.bin.mkdir()
        for name in BASICS:
            found = shutil.which(name)
            assert found is not None, name
            (self.bin / name).symlink_to(found)
        self.program("dpkg-query", DPKG_QUERY)
        self.program("apt-get", APT_GET)
        self.program("apt-cache", APT_CACHE)
        self.program("id", ID)
        self.set("os-release", "ID=debian\n")
        self.set("uid", "0\n")
        self.absent()

    def program(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def set(self, name: str, text: str = "") -> None:
        (self.state / name).write_text(text)

    def absent(self, *packages: str) -> None:
        self.set("absent", "".join(f"{name}\n" for name in packages))

    def run(self, *words: str, script: Path = SETUP) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.bin),
            "STATE": str(self.state),
            "OS_RELEASE": str(self.state / "os-release"),
        }
        return subprocess.run(
            [self.bin / "bash", script, *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )

    def calls(self) -> list[str]:
        path = self.state / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("scope", ["bench", "test"])
def test_silent_and_fast_when_all_is_there(scope: str) -> None:
    elapsed = []
    for _ in range(5):
        began = time.monotonic()
        done = subprocess.run([SETUP, scope], capture_output=True, text=True, timeout=30)
        elapsed.append(time.monotonic() - began)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert min(elapsed) < 0.2


def test_asks_dpkg_once_and_nobody_else(machine: Machine) -> None:
    done = machine.run("test")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.calls() == ["dpkg-query"]


@pytest.mark.parametrize("words", [["all"], ["bench", "--nosuch"], [""]])
def test_unknown_argument_is_usage(machine: Machine, words: list[str]) -> None:
    done = machine.run(*words)
    assert done.returncode == 2
    assert f"'{words[-1]}'" in done.stderr and machine.calls() == []


def test_root_installs_what_is_missing_and_says_so_in_one_line(machine: Machine) -> None:
    machine.absent("gnuplot-nox", "gnuplot-qt", "gnuplot-x11", "libzstd-dev")
    done = machine.run("bench")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "setup: installing libzstd-dev gnuplot-nox\n"
    asked = [call for call in machine.calls() if call.startswith("apt-get")]
    assert len(asked) == 2
    assert " update " in asked[0]
    assert asked[1].endswith(
        "install -y --no-install-recommends libzstd-dev gnuplot-nox [noninteractive]"
    )


def test_bench_does_not_install_what_only_tests_need(machine: Machine) -> None:
    machine.absent("libcmocka-dev")
    assert machine.run("bench").stderr == ""
    assert machine.run().stderr == ""
    assert machine.run("test").stderr == "setup: installing libcmocka-dev\n"


def test_user_with_sudo_installs(machine: Machine) -> None:
    machine.set("uid", "1000\n")
    machine.program("sudo", SUDO)
    machine.absent("libcmocka-dev")
    done = machine.run("test")
    assert done.returncode == 0, done.stderr
    asked = [call for call in machine.calls() if call.startswith("sudo")]
    assert asked and all(call.startswith("sudo -n ") for call in asked)
    assert any("install" in call and "libcmocka-dev" in call for call in asked)


@pytest.mark.parametrize("has_sudo", [True, False])
def test_user_without_sudo_gets_the_one_command(machine: Machine, has_sudo: bool) -> None:
    machine.set("uid", "1000\n")
    if has_sudo:
        machine.program("sudo", SUDO)
        machine.set("password")
    machine.absent("libcmocka-dev", "libzstd-dev")
    done = machine.run("test")
    assert (done.returncode, done.stdout) == (4, "")
    commands = [line for line in done.stderr.splitlines() if "apt-get" in line]
    assert [line.strip() for line in commands] == [
        "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends"
        " libzstd-dev libcmocka-dev'"
    ]
    assert not any(call.startswith("apt-get") for call in machine.calls())


def test_apt_that_fails_is_shown_with_the_command(machine: Machine) -> None:
    machine.absent("libzstd-dev")
    machine.set("broken")
    done = machine.run("bench")
    assert (done.returncode, done.stdout) == (4, "")
    assert "E: no network" in done.stderr
    assert "apt-get install -y --no-install-recommends libzstd-dev" in done.stderr


def test_packages_that_stay_missing_are_an_error(machine: Machine) -> None:
    machine.absent("libzstd-dev")
    machine.program("apt-get", "#!/bin/bash\nexit 0\n")
    done = machine.run("bench")
    assert done.returncode == 4
    assert "still missing: <zstd.h>" in done.stderr


def test_check_installs_nothing(machine: Machine) -> None:
    machine.absent("libzstd-dev")
    done = machine.run("--check", "bench")
    assert done.returncode == 4 and "<zstd.h>" in done.stderr
    assert machine.calls() == ["dpkg-query"]


def test_an_alternative_satisfies(machine: Machine) -> None:
    machine.absent("gnuplot-nox", "gnuplot-x11", "pkg-config", "gcc")
    done = machine.run("bench")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_alternative_that_apt_knows_is_installed(machine: Machine) -> None:
    machine.absent("gnuplot-nox", "gnuplot-qt", "gnuplot-x11")
    machine.set("unknown", "gnuplot-nox\n")
    assert machine.run("bench").returncode == 0
    assert any("install" in c and "recommends gnuplot-qt" in c for c in machine.calls())


def test_a_tool_from_elsewhere_satisfies(machine: Machine) -> None:
    machine.absent("shellcheck")
    machine.program("shellcheck", "#!/bin/bash\n")
    done = machine.run("test")
    assert (done.returncode, done.stderr) == (0, "")


def test_modules_of_two_pythons_do_not_add_up(machine: Machine, tmp_path: Path) -> None:
    script = tmp_path / "scripts" / "setup.sh"
    script.parent.mkdir()
    shutil.copy(SETUP, script)
    finder = script.with_name("find-python.sh")
    finder.write_text("#!/bin/bash\n[ $# -eq 1 ]\n")  # each module is somewhere, no two together
    finder.chmod(0o755)
    machine.absent("python3-jinja2", "python3-jsonschema")
    assert machine.run("test", script=script).stderr == (
        "setup: installing python3-jinja2 python3-jsonschema\n"
    )
    finder.write_text("#!/bin/bash\nexit 0\n")
    machine.absent("python3-jinja2", "python3-jsonschema")
    assert machine.run("--check", "test", script=script).stderr == ""


@pytest.mark.parametrize("release", ["ID=ubuntu\n", 'ID=mint\nID_LIKE="ubuntu debian"\n'])
def test_ubuntu_does_without_a_browser(machine: Machine, release: str) -> None:
    machine.absent("chromium", "chromium-driver", "python3-selenium")
    machine.set("os-release", release)
    assert machine.run("--check", "test").returncode == 0
    machine.set("os-release", "ID=debian\n")
    done = machine.run("--check", "test")
    assert done.returncode == 4 and "chromium" in done.stderr


def test_other_systems_are_told_what_is_missing(machine: Machine) -> None:
    (machine.bin / "dpkg-query").unlink()
    machine.program("make", "#!/bin/bash\n")
    done = machine.run("bench")
    assert (done.returncode, done.stdout) == (4, "")
    named = done.stderr.splitlines()[0]
    for what in ("cc", "<zstd.h>", "protoc-c", "gnuplot"):
        assert what in named
    assert "make" not in named and "apt-get" not in done.stderr


def test_find_python_prefers_the_one_on_path(tmp_path: Path) -> None:
    mine = tmp_path / "python3"
    mine.write_text("#!/bin/sh\nexit 0\n")
    mine.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        [ROOT / "scripts" / "find-python.sh"],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, f"{mine}\n")


def test_find_python_gives_one_that_can_import(tmp_path: Path) -> None:
    useless = tmp_path / "python3"
    useless.write_text("#!/bin/sh\nexit 1\n")
    useless.chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts" / "find-python.sh", "json", "jinja2"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "/usr/bin/python3\n")


def test_find_python_says_what_no_python_has() -> None:
    done = subprocess.run(
        [ROOT / "scripts" / "find-python.sh", "no_such_module"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert "no_such_module" in done.stderr
