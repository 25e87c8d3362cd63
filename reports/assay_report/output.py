"""Publishes a finished folder in one step: readers see the old report or the new one, whole."""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import ReportError

GENERATOR = "Assay report"
"""What index.html names as its generator: only folders that carry it are replaced."""

_ASIDE = ".old"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def replaced_folder(out: Path) -> Iterator[Path]:
    """Yields a new folder beside `out`; when the block ends well it takes the place of `out`.

    When the block raises, or the disk is full, the new folder goes and `out` stays as it was.
    Raises ReportError when `out` is something that this program did not write.
    """
    out = Path(os.path.realpath(out))
    _refuse_foreign(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(out)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.{os.getpid()}.", dir=out.parent))
    except OSError as error:
        raise ReportError(f"{out.parent}: cannot be written to ({error.strerror})") from error
    try:
        work.chmod(0o755)
        yield work
        _swap(work, out)
    except OSError as error:
        raise ReportError(
            f"{out}: cannot be written ({error.strerror}); nothing was replaced"
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refuse_foreign(out: Path) -> None:
    if not os.path.lexists(out):
        return
    try:
        if out.is_dir():
            if not any(out.iterdir()):
                return
            with open(out / "index.html", encoding="utf-8", errors="replace") as index:
                if f'content="{GENERATOR}"' in index.read(2000):
                    return
    except OSError:
        pass
    raise ReportError(f"{out}: exists and is not a report; remove it or choose another --out")


def _remove_abandoned(out: Path) -> None:
    """Removes the working folders of runs that were killed; a report set aside comes back."""
    for folder in out.parent.glob(f".{glob.escape(out.name)}.*.*"):
        pid = folder.name[len(out.name) + 2 :].split(".")[0]
        if not pid.isdigit() or os.path.exists(f"/proc/{pid}"):
            continue
        if folder.suffix == _ASIDE and not out.exists():
            os.rename(folder, out)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _swap(work: Path, out: Path) -> None:
    """Puts `work` in the place of `out`; afterwards `work` is the old folder, if there was one."""
    if not out.exists():
        os.rename(work, out)
        return
    if _exchange(work, out):
        return
    aside = work.with_name(work.name + _ASIDE)
    os.rename(out, aside)
    try:
        os.rename(work, out)
    except OSError:
        os.rename(aside, out)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swaps two folders in a single step where the kernel and the file system can."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    status = rename(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_RENAME_EXCHANGE)
    )
    return bool(status == 0)
