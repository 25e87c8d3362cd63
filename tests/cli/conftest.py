"""What the tests of suite programs share."""

from pathlib import Path

import pytest
from suite_program import BUILD, Bench


@pytest.fixture(name="bench")
def make_bench(tmp_path: Path) -> Bench:
    if not (BUILD / "probes" / "good").exists():
        pytest.fail(f"{BUILD} has no probe programs: make BUILD={BUILD} probes all", pytrace=False)
    folder = tmp_path / "work"
    folder.mkdir()
    return Bench(folder)


@pytest.fixture(name="good_document", scope="session")
def measure_good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A result of four benchmarks of the suite `good`."""
    bench = Bench(tmp_path_factory.mktemp("good"))
    run = bench.run("good", "plain", "copy", "--results-dir", "out")
    assert run.status == 0, run
    return (bench.folder / "out" / "good.json").read_bytes()
