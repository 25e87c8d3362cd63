"""libotlp as another project sees it: installed, found by pkg-config, and the example sends a trace."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("ASSAY_BUILD", "build/release")
EXAMPLE = ROOT / "examples" / "send_trace.c"

Ports = dict[str, int]


def run(*command: str | Path, **variables: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": "", **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(name="prefix", scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    prefix = tmp_path_factory.mktemp("usr")
    make = ("make", "--no-print-directory", f"BUILD={BUILD.relative_to(ROOT)}", f"PREFIX={prefix}")
    run(*make, "install-otlp")
    yield prefix
    run(*make, "uninstall")
    assert not [path for path in prefix.rglob("*") if not path.is_dir()]


@pytest.fixture(name="programs", scope="module")
def compile_example(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("programs")
    variables = {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    programs = {}
    kinds: dict[str, list[str]] = {"shared": [], "static": ["--static"]}
    for name, options in kinds.items():
        flags = run("pkg-config", "--cflags", "--libs", *options, "otlp", **variables).split()
        if name == "static":
            flags = [str(prefix / "lib" / "libotlp.a") if f == "-lotlp" else f for f in flags]
        programs[name] = folder / name
        run("cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", EXAMPLE, *flags, "-o", folder / name)
    return programs


@pytest.fixture(name="received")
def start_receiver(tmp_path: Path) -> Iterator[tuple[Ports, Path]]:
    written = tmp_path / "received.jsonl"
    receiver = subprocess.Popen(
        [BUILD / "bin" / "otlp-receiver"]
        + ["--grpc-port", "0", "--http-port", "0", "--write-json", str(written)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert receiver.stdout is not None
    yield json.loads(receiver.stdout.readline()), written
    receiver.send_signal(signal.SIGTERM)
    assert receiver.wait(20) == 0
    receiver.stdout.close()


@pytest.mark.parametrize("linked", ["shared", "static"])
def test_the_example_sends_a_trace(
    programs: dict[str, Path], prefix: Path, received: tuple[Ports, Path], linked: str
) -> None:
    ports, written = received
    protocols = {"http/protobuf": "http_port", "http/json": "http_port", "grpc": "grpc_port"}
    for protocol, port in protocols.items():
        output = run(
            programs[linked],
            LD_LIBRARY_PATH=str(prefix / "lib"),
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{ports[port]}",
            OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
            OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
        )
        assert output.split() == ["delivered"]
    requests = [json.loads(line) for line in written.read_text("utf-8").splitlines()]
    assert len(requests) == len(protocols)
    for request in requests:
        [span] = request["resourceSpans"][0]["scopeSpans"][0]["spans"]
        assert span["name"] == "GET /orders"
        assert span["attributes"] == [
            {"key": "http.request.method", "value": {"stringValue": "GET"}}
        ]


def test_the_example_is_short() -> None:
    body = EXAMPLE.read_text("utf-8").split("int main(void)\n{\n")[1]
    assert len([line for line in body.splitlines() if line.strip()]) <= 25


def test_without_a_receiver_it_says_so(programs: dict[str, Path], prefix: Path) -> None:
    done = subprocess.run(
        [programs["shared"]],
        env={
            **os.environ,
            "LD_LIBRARY_PATH": str(prefix / "lib"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "50",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("timed out ") and "Failed to connect" in done.stdout
