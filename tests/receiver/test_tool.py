"""The tool itself: options, output, files, signals, TLS."""

from __future__ import annotations

import json
import resource
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from h2_wire import EXPORT, H2, call_fields, message
from receiver_program import (
    ONE,
    ONE_JSON,
    SECONDS,
    Receiver,
    Wire,
    logs,
    metrics,
    program,
    request,
    running,
    span,
    traces,
)

Start = Callable[..., Receiver]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program(), *arguments], capture_output=True, text=True, timeout=20, check=False
    )


def test_help_lists_every_option() -> None:
    done = run("--help")
    assert done.returncode == 0 and done.stderr == ""
    for option in ("host", "grpc-port", "http-port", "fault", "write-json", "client-ca", "drain"):
        assert f"--{option}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--nothing"], "there is no option --nothing"),
        (["--grpc-port"], "--grpc-port needs a value"),
        (["--grpc-port", "65536"], "--grpc-port cannot be 65536"),
        (["--workers", "0"], "--workers cannot be 0"),
        (["--body-limit", "-1"], "--body-limit cannot be -1"),
        (["--idle-timeout", "soon"], "--idle-timeout cannot be soon"),
        (["word"], "word is not an option"),
        (["--grpc-port", "none", "--http-port", "none"], "no port"),
        (["--cert", "x.pem"], "a certificate needs a key"),
        (["--client-ca", "x.pem"], "certificates of clients"),
        (["--write-json", "a", "--write-raw", "b"], "--write-raw cannot be b"),
    ],
)
def test_wrong_usage(arguments: list[str], complaint: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2, done
    assert complaint in done.stderr and done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--host", "localhost"],
        ["--host", "198.51.100.1"],
        ["--write-json", "/nonexistent/file"],
        ["--cert", "/nonexistent", "--key", "/nonexistent"],
    ],
)
def test_what_cannot_start(arguments: list[str]) -> None:
    done = run("--grpc-port", "0", "--http-port", "0", *arguments)
    assert done.returncode == 1, done
    assert arguments[1] in done.stderr and done.stdout == ""


def test_a_port_that_is_taken(receiver: Receiver) -> None:
    done = run("--grpc-port", "0", "--http-port", str(receiver.http_port))
    assert done.returncode == 1
    assert str(receiver.http_port) in done.stderr


def test_one_port_alone(start: Start) -> None:
    receiver = start("--grpc-port", "none", "--http-port", "0")
    assert json.loads(receiver.lines[0])["grpc_port"] is None
    assert receiver.post().status == 200


def test_ipv6() -> None:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("there is no ::1 here")
    for receiver in running("--host", "::1"):
        with socket.create_connection(("::1", receiver.http_port), timeout=SECONDS) as peer:
            peer.sendall(request(connection="close"))
            assert peer.recv(100).startswith(b"HTTP/1.1 200")
        receiver.process.terminate()
        receiver.process.wait(timeout=SECONDS)


def test_only_loopback_by_default(receiver: Receiver) -> None:
    table = Path(f"/proc/{receiver.process.pid}/net/tcp").read_text().splitlines()[1:]
    local = [line.split()[1] for line in table if line.split()[3] == "0A"]
    ports = {f"{port:04X}" for port in (receiver.http_port, receiver.grpc_port)}
    mine = [address for address in local if address.split(":")[1] in ports]
    assert len(mine) == 2 and all(address.startswith("0100007F:") for address in mine)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly(receiver: Receiver, number: int) -> None:
    with receiver.http() as idle:
        assert receiver.post().status == 200
        assert receiver.stop(number)["traces"]["requests"] == 1
        assert idle.is_closed()


def test_requests_under_way_are_finished(start: Start) -> None:
    receiver = start("--fault", "delay=600ms")
    with receiver.http() as wire:
        wire.send(request())
        receiver.wait_for(lambda now: now["http_requests"] == 1)
        receiver.process.terminate()
        answer = wire.answer()
        assert (answer.status, answer.fields["connection"]) == (200, "close")
    assert receiver.process.wait(timeout=SECONDS) == 0


def test_a_body_under_way_is_finished(receiver: Receiver) -> None:
    raw = request()
    with receiver.http() as wire:
        wire.send(raw[:-5])
        receiver.wait_for(lambda now: now["http_requests"] == 1)
        receiver.process.terminate()
        with pytest.raises(OSError):
            while True:  # until it has stopped accepting
                Wire(receiver.http_port).close()
        wire.send(raw[-5:])
        assert wire.answer().status == 200


def test_waiting_has_an_end(start: Start) -> None:
    receiver = start("--drain", "0.2")
    with receiver.http() as wire:
        wire.send(request()[:-5])
        receiver.wait_for(lambda now: now["http_requests"] == 1)
        receiver.process.terminate()
        _, complaint = receiver.process.communicate(timeout=SECONDS)
        assert "cut off" in complaint
        assert receiver.process.returncode == 0


def test_counters_on_a_signal(receiver: Receiver) -> None:
    assert receiver.post().status == 200
    receiver.process.send_signal(signal.SIGUSR1)
    assert receiver.process.stdout is not None
    counters = json.loads(receiver.process.stdout.readline())
    assert counters["traces"]["items"] == 1
    assert counters["connections"] == 1
    assert receiver.post().status == 200


def test_several_threads(start: Start) -> None:
    receiver = start("--workers", "4")
    wires = [receiver.http() for _ in range(16)]
    for wire in wires:
        wire.send(request() * 50)
    for wire in wires:
        assert {wire.answer().status for _ in range(50)} == {200}
        wire.close()
    assert receiver.stop()["traces"]["items"] == 16 * 50


def test_lines_of_json(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "got.jsonl"
    receiver = start("--write-json", str(path))
    assert receiver.post().status == 200
    pretty = json.dumps(json.loads(ONE_JSON), indent=1).replace("\n", "\r\n").encode()
    assert receiver.post(pretty, content_type="application/json").status == 200
    with H2(receiver.grpc_port) as h2:
        body = message(metrics(2))
        assert h2.call(body, call_fields(EXPORT.format("metrics", "Metrics"))).status == "0"
    assert receiver.post(b"\x0a\x05x").status == 400
    assert receiver.stop()["write_failures"] == 0
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    spans = [line["resourceSpans"][0]["scopeSpans"][0]["spans"] for line in lines[:2]]
    assert [one[0]["traceId"].lower() for one in spans] == [bytes(range(1, 17)).hex()] * 2
    points = lines[2]["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["gauge"]["dataPoints"]
    assert len(points) == 2 and len(lines) == 3


def test_raw_files(start: Start, tmp_path: Path) -> None:
    receiver = start("--write-raw", str(tmp_path / "got"))
    big = traces(*[span()] * 10)
    assert receiver.post().status == 200
    assert receiver.post(big).status == 200
    assert receiver.post(ONE_JSON, content_type="application/json").status == 200
    assert receiver.post(logs(1), path="/v1/logs").status == 200
    receiver.stop()
    expected = bytes([len(ONE)]) + ONE + bytes([len(big) & 127 | 128, len(big) >> 7]) + big
    got = (tmp_path / "got.traces").read_bytes()
    assert got[: len(expected)] == expected
    assert bytes(range(1, 17)) in got[len(expected) :]
    assert (tmp_path / "got.logs").read_bytes() == bytes([len(logs(1))]) + logs(1)
    assert (tmp_path / "got.metrics").read_bytes() == b""


def test_a_file_that_is_full(start: Start) -> None:
    receiver = start("--write-json", "/dev/full")
    assert receiver.post().status == 200
    assert receiver.stats()["write_failures"] == 1
    receiver.process.terminate()
    _, complaint = receiver.process.communicate(timeout=SECONDS)
    assert receiver.process.returncode == 1
    assert "could not be written" in complaint


# ---- TLS ----------------------------------------------------------------------------------------


class Keys:
    """An authority, a server's certificate of it, a client's, and one of someone else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("authority", "other"):
            self.make(name, "-x509", "-days", "2", "-subj", f"/CN={name}")
        for name in ("server", "client"):
            self.make(name, "-subj", f"/CN={name}", out="csr")
            self.openssl(
                *("x509", "-req", "-in", f"{name}.csr", "-CA", "authority.pem"),
                *("-CAkey", "authority.key", "-CAcreateserial", "-days", "2"),
                *("-out", f"{name}.pem", "-extfile", "names"),
            )

    def openssl(self, *arguments: str) -> None:
        (self.folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        command = ["openssl", *arguments]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=60)

    def make(self, name: str, *arguments: str, out: str = "pem") -> None:
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        files = ("-keyout", f"{name}.key", "-out", f"{name}.{out}")
        self.openssl("req", *curve, *files, *arguments)

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def server(self) -> tuple[str, ...]:
        return ("--cert", self.path("server.pem"), "--key", self.path("server.key"))

    def context(self, *protocols: str, client: str = "") -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.path("authority.pem"))
        context.set_alpn_protocols(list(protocols))
        if client:
            context.load_cert_chain(self.path(f"{client}.pem"), self.path(f"{client}.key"))
        return context


@pytest.fixture(name="keys", scope="module")
def make_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


def open_tls(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_http_by_tls(start: Start, keys: Keys) -> None:
    receiver = start(*keys.server())
    big = traces(*[span()] * 20_000)
    with Wire(receiver.http_port, keys.context("http/1.1")) as wire:
        for body in (ONE, big, ONE):
            wire.send(request(body))
            assert wire.answer().status == 200
        wire.send(request() * 300)
        assert {wire.answer().status for _ in range(300)} == {200}
    receiver.process.terminate()
    counters = json.loads(receiver.process.communicate(timeout=SECONDS)[0].splitlines()[-1])
    assert counters["traces"]["items"] == 302 + 20_000
    assert counters["connections_open"] == 0


def test_curl_by_tls(start: Start, keys: Keys) -> None:
    receiver = start(*keys.server())
    url = f"https://127.0.0.1:{receiver.http_port}/v1/traces"
    for version in ("--http1.1", "--http2"):
        command = ["curl", "-sS", version, "--cacert", keys.path("authority.pem"), url]
        command += ["-H", "content-type: application/json", "--data-binary", "@-"]
        command += ["-w", " %{http_version}"]
        out = subprocess.run(command, input=ONE_JSON, capture_output=True, check=True, timeout=60)
        assert out.stdout.decode() == "{} " + ("2" if version == "--http2" else "1.1")
    receiver.process.terminate()
    receiver.process.wait(timeout=SECONDS)


def test_the_port_of_grpc_agrees_to_h2_alone(start: Start, keys: Keys) -> None:
    receiver = start(*keys.server())
    with open_tls(receiver.grpc_port, keys.context("http/1.1", "h2")) as peer:
        assert peer.selected_alpn_protocol() == "h2"
    with open_tls(receiver.http_port, keys.context("http/1.1", "h2")) as peer:
        assert peer.selected_alpn_protocol() == "h2"
    with pytest.raises(ssl.SSLError):
        open_tls(receiver.grpc_port, keys.context("http/1.1"))
    command = ["openssl", "s_client", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-connect"]
    command.append(f"127.0.0.1:{receiver.grpc_port}")
    old = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
    assert old.returncode != 0 and b"protocol version" in old.stderr
    receiver.process.terminate()
    counters = json.loads(receiver.process.communicate(timeout=SECONDS)[0].splitlines()[-1])
    assert counters["tls_failures"] == 2


def test_clients_need_a_certificate(start: Start, keys: Keys) -> None:
    receiver = start(*keys.server(), "--client-ca", keys.path("authority.pem"))
    with Wire(receiver.http_port, keys.context("http/1.1", client="client")) as wire:
        wire.send(request())
        assert wire.answer().status == 200
    for client in ("", "other"):
        with pytest.raises((ssl.SSLError, EOFError, ConnectionError)):
            with Wire(receiver.http_port, keys.context("http/1.1", client=client)) as wire:
                wire.send(request())
                wire.answer()
    receiver.process.terminate()
    counters = json.loads(receiver.process.communicate(timeout=SECONDS)[0].splitlines()[-1])
    assert (counters["tls_failures"], counters["traces"]["requests"]) == (2, 1)


def test_a_handshake_that_does_not_come(start: Start, keys: Keys) -> None:
    receiver = start(*keys.server(), "--header-timeout", "0.5")
    with Wire(receiver.http_port) as silent, Wire(receiver.http_port) as wrong:
        wrong.send(request())
        while wrong.socket.recv(65536):
            pass
        assert silent.is_closed()
    receiver.process.terminate()
    assert receiver.process.wait(timeout=SECONDS) == 0


def test_a_key_that_does_not_fit(keys: Keys) -> None:
    done = run("--cert", keys.path("server.pem"), "--key", keys.path("client.key"))
    assert done.returncode == 1
    assert "client.key cannot be used" in done.stderr


def test_descriptors_that_run_out(receiver: Receiver) -> None:
    with receiver.http() as served:
        served.send(request())
        assert served.answer().status == 200
        room = receiver.descriptors() + 2
        resource.prlimit(receiver.process.pid, resource.RLIMIT_NOFILE, (room, room))
        wires = [receiver.http() for _ in range(6)]
        for _ in range(20):  # meanwhile it serves those that it has
            served.send(request())
            assert served.answer().status == 200
        for wire in wires:
            wire.send(request(connection="close"))
        for wire in wires:
            assert wire.answer().status == 200
            wire.close()
    assert receiver.stop()["traces"]["requests"] == 27
