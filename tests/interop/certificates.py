"""Certificates for one run of the tests, made by openssl: an authority, a server, a client; and another authority."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def _openssl(*words: str | Path) -> None:
    command = ["openssl", *[str(word) for word in words]]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


class Certificates:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        for authority in ("ca", "other-ca"):
            self._authority(authority)
        self._certificate("server", "ca", "serverAuth")
        self._certificate("client", "ca", "clientAuth")
        self._certificate("other-client", "other-ca", "clientAuth")

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def _authority(self, name: str) -> None:
        _openssl(
            *("req", "-x509", *_CURVE, "-days", "2", "-subj", f"/CN=interop {name}"),
            *("-addext", "keyUsage=critical,keyCertSign"),
            *("-keyout", self.key(name), "-out", self.certificate(name)),
        )

    def _certificate(self, name: str, authority: str, use: str) -> None:
        request = self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(
            "subjectAltName=IP:127.0.0.1,DNS:localhost\n"
            f"extendedKeyUsage={use}\nbasicConstraints=CA:FALSE\n"
        )
        _openssl(
            *("req", *_CURVE, "-subj", f"/CN=interop {name}"),
            *("-keyout", self.key(name), "-out", request),
        )
        _openssl(
            *("x509", "-req", "-in", request, "-days", "2", "-extfile", extensions),
            *("-CA", self.certificate(authority), "-CAkey", self.key(authority)),
            *("-CAcreateserial", "-out", self.certificate(name)),
        )

    def server_options(self, is_mutual: bool = True) -> tuple[str | Path, ...]:
        """Of otlp-receiver."""
        options: tuple[str | Path, ...] = (
            "--cert",
            self.certificate("server"),
            "--key",
            self.key("server"),
        )
        return (*options, "--client-ca", self.certificate("ca")) if is_mutual else options

    def client_options(self, client: str = "client", ca: str = "ca") -> tuple[str | Path, ...]:
        """Of our client."""
        return (
            *("--ca", self.certificate(ca)),
            *("--cert", self.certificate(client), "--key", self.key(client)),
        )

    def wrong_client_options(self) -> dict[str, tuple[str | Path, ...]]:
        return {
            "no certificate": ("--ca", self.certificate("ca")),
            "another authority": self.client_options("other-client"),
            "unknown server": self.client_options(ca="other-ca"),
        }

    def collector_server(self) -> dict[str, Any]:
        """Settings of a receiver of the Collector, with mutual TLS."""
        return {
            "cert_file": str(self.certificate("server")),
            "key_file": str(self.key("server")),
            "client_ca_file": str(self.certificate("ca")),
        }

    def collector_client(self) -> dict[str, Any]:
        """Settings of an exporter of the Collector."""
        return {
            "ca_file": str(self.certificate("ca")),
            "cert_file": str(self.certificate("client")),
            "key_file": str(self.key("client")),
        }
