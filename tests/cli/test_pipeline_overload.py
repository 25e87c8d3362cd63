"""The client's pipeline when its exporter stalls: the account comes out even, under the ceiling."""

import re
import subprocess

import pytest
from suite_program import BUILD

PROBE = BUILD / "probes" / "pipeline_overload"


def overload(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROBE, *words], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("policy", ["newest", "oldest", "block"])
@pytest.mark.parametrize("short_of", ["memory", "slots"])
def test_every_span_is_delivered_or_counted(policy: str, short_of: str) -> None:
    ceiling, queue = ("2000000", "1000000") if short_of == "memory" else ("50000000", "1000")
    done = overload(
        "--seconds",
        "0.4",
        "--rate",
        "20000",
        "--policy",
        policy,
        "--ceiling",
        ceiling,
        "--queue",
        queue,
    )
    assert done.returncode == 0, done
    account = re.match(r"ended (\d+)  delivered (\d+)  dropped (\d+)", done.stdout)
    assert account is not None, done.stdout
    ended, delivered, dropped = (int(figure) for figure in account.groups())
    assert ended == delivered + dropped
    assert delivered > 0 and dropped > 0
    assert "the account is even, memory stayed under the ceiling" in done.stdout
    if short_of == "memory":
        assert "(memory " in done.stdout


@pytest.mark.parametrize(
    "words",
    [("--seconds", "x"), ("--rate", "-1"), ("--policy", "best"), ("--threads", "99"), ("a", "b")],
)
def test_wrong_options(words: tuple[str, ...]) -> None:
    done = overload(*words)
    assert done.returncode == 2
    assert "usage: pipeline_overload" in done.stderr


def test_a_receiver_that_cannot_be_named() -> None:
    done = overload("no url")
    assert done.returncode == 4 and done.stderr.count("\n") == 1
    assert "no exporter can be made for no url" in done.stderr
