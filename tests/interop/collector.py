"""A real OpenTelemetry Collector, with receivers and exporters as the tests want them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from content import Content
from ours import JsonLines, Receiver
from processes import Process, free_port, wait_for

LOOPBACK = "127.0.0.1"


def exporter_of(
    receiver: Receiver, protocol: str, compression: str, **more: Any
) -> tuple[str, dict[str, Any]]:
    """Kind and settings of an exporter to one of our receivers."""
    scheme = "https" if "tls" in more else "http"
    settings: dict[str, Any] = {
        "endpoint": receiver.url(protocol, scheme),
        "compression": compression,
        "sending_queue": {"enabled": False},
        "retry_on_failure": {"enabled": False},
        **more,
    }
    if protocol == "grpc":
        return "otlp_grpc", {"tls": {"insecure": True}, **settings}
    settings["encoding"] = "json" if protocol == "http/json" else "proto"
    return "otlp_http", settings


class Collector(Process):  # type: ignore[misc]
    """receivers and exporters are what its configuration says of them; each receiver named gets free ports
    for gRPC and HTTP. Every exporter gets everything, and `file` is one of them. Nothing is queued and
    nothing tried again: an answer to a client is the answer of every exporter."""

    def __init__(
        self,
        program: Path,
        folder: Path,
        receivers: Mapping[str, Mapping[str, Any]],
        exporters: Mapping[str, Mapping[str, Any]],
        extensions: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "collected.json"
        self._reader = JsonLines(file)
        self.ports = {name: (free_port(), free_port()) for name in receivers}
        config: dict[str, Any] = {
            "receivers": {
                f"otlp/{name}": self._receiver(name, settings)
                for name, settings in receivers.items()
            },
            "exporters": {
                "file": {"path": str(file), "flush_interval": "50ms"},
                **exporters,
            },
            "extensions": extensions or {},
            "service": {
                "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
                "extensions": list(extensions or {}),
                "pipelines": {
                    signal: {
                        "receivers": [f"otlp/{name}" for name in receivers],
                        "exporters": ["file", *exporters],
                    }
                    for signal in ("traces", "metrics", "logs")
                },
            },
        }
        path = folder / "collector.yaml"  # JSON is YAML
        path.write_text(json.dumps(config, indent=1), encoding="utf-8")
        super().__init__([program, "--config", f"file:{path}"], folder / "collector.log")
        wait_for(lambda: self.popen.poll() is not None or self._answers(), 20)
        if self.popen.poll() is not None or not self._answers():
            self.stop()
            raise AssertionError(f"the Collector does not answer\n{self.errors()}")

    def _receiver(self, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        grpc, http = self.ports[name]
        return {
            "protocols": {
                "grpc": {
                    "endpoint": f"{LOOPBACK}:{grpc}",
                    "max_recv_msg_size_mib": 64,
                    **settings,
                },
                "http": {"endpoint": f"{LOOPBACK}:{http}", **settings},
            }
        }

    def _answers(self) -> bool:
        """Whether all receivers listen. A receiver of TLS or tokens answers, too, though with an error."""
        for _, http in self.ports.values():
            try:
                urllib.request.urlopen(f"http://{LOOPBACK}:{http}/", timeout=2).close()
            except urllib.error.HTTPError:
                pass
            except OSError:
                return False
        return True

    def content(self) -> Content:
        return self._reader.read()

    def url(self, receiver: str, protocol: str, scheme: str = "http") -> str:
        grpc, http = self.ports[receiver]
        return f"{scheme}://{LOOPBACK}:{grpc if protocol == 'grpc' else http}"
