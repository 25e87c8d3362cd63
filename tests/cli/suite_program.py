"""Runs suite programs and the assay tool as a user would, and looks at what they leave."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import jsonschema

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("ASSAY_BUILD", "build/release")
FAST = (
    *("--warm-up-time", "0.01", "--measurement-time", "0.02"),
    *("--sample-size", "10", "--nresamples", "1000"),
)
ESCAPE = "\x1b"
SCHEMA = json.loads((ROOT / "docs" / "result.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

Document = dict[str, Any]


@dataclass
class Run:
    """How a program ended and what it printed."""

    status: int
    out: str
    err: str

    def lines(self) -> list[str]:
        return self.out.splitlines()


def refuse_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} in a JSON document")


def read_document(text: str | bytes) -> Document:
    """A result document that the published schema accepts and whose numbers are all finite."""
    document: Document = json.loads(text, parse_constant=refuse_constant)
    errors = [
        f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in VALIDATOR.iter_errors(document)
    ]
    assert not errors, "\n".join(errors)
    return document


def by_id(document: Document) -> dict[str, Any]:
    """The benchmarks of a document by the last parts of their ids."""
    return {b["id"].split("/", 1)[1]: b for b in document["benchmarks"]}


def write_scaled(source: bytes, target: Path, factor: float) -> None:
    """Stores a document again as if every sample had taken `factor` times as long."""
    document = json.loads(source)
    for benchmark in document["benchmarks"]:
        if "samples" in benchmark:
            samples = benchmark["samples"]
            samples["time_ns"] = [time_ns * factor for time_ns in samples["time_ns"]]
    write_json(target, document)


def write_json(target: Path, document: object) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under the folder with its bytes, and every folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


class Bench:
    """A working folder in which programs run: no git above it, no settings from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") and name not in ("NO_COLOR", "TMPDIR")
        }
        self.env["GIT_CEILING_DIRECTORIES"] = str(folder.parent)
        self.env["TERM"] = "xterm"

    def command(self, name: str, *arguments: str, fast: bool = True) -> list[str]:
        place = "bin" if name == "assay" else "probes"
        return [str(BUILD / place / name), *(FAST if fast and name != "assay" else ()), *arguments]

    def run(
        self, name: str, *arguments: str, fast: bool = True, timeout: float = 30, **more: Any
    ) -> Run:
        return self.run_command(self.command(name, *arguments, fast=fast), timeout, **more)

    def run_command(self, command: Sequence[str], timeout: float = 30, **more: Any) -> Run:
        options: dict[str, Any] = {
            "cwd": self.folder,
            "env": self.env,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **more,
        }
        with subprocess.Popen(command, start_new_session=True, **options) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        texts = [(text or b"").decode(errors="replace") for text in (out, err)]
        return Run(process.returncode, *texts)

    def start(self, name: str, *arguments: str, fast: bool = True) -> "subprocess.Popen[bytes]":
        """Starts it at the head of a process group of its own."""
        return subprocess.Popen(
            self.command(name, *arguments, fast=fast),
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def result(self, suite: str, results: str = "results/latest") -> Document:
        return read_document((self.folder / results / f"{suite}.json").read_bytes())

    def baseline(self, suite: str, name: str = "main") -> Path:
        return self.folder / "baselines" / name / f"{suite}.json"

    def pid_in(self, name: str) -> int:
        return int((self.folder / name).read_text())

    def processes(self) -> list[int]:
        """Programs that run in this folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "cwd").readlink() == self.folder and is_running(int(entry.name)):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found


def assert_one_line(run: Run, status: int, *words: str) -> None:
    """Ended with this status and one sentence on standard error that has these words."""
    assert run.status == status, run
    assert re.fullmatch(r"assay: [^\n]+\n", run.err), run.err
    assert run.out == ""
    for word in words:
        assert word in run.err, run.err
