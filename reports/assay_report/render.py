"""From a template and values to a page in the folder; names and drawings are made safe here."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .output import GENERATOR

_HERE = Path(__file__).resolve().parent
_ASSETS = ("style.css", "comparison.css", "report.js")


class Renderer:
    """Writes pages into one folder; `shared` is known to every template."""

    def __init__(self, folder: Path, drawings: dict[str, str], **shared: Any) -> None:
        self._folder = folder
        self._drawings = drawings
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(generator=GENERATOR, **shared)
        self._environment.filters["breakable"] = _breakable
        for name in _ASSETS:
            shutil.copyfile(_HERE / name, folder / name)

    def write(self, template: str, page: str, **values: Any) -> None:
        """Renders a page; folders on its path are made."""
        root = "../" * page.count("/")
        text = self._environment.get_template(template).render(root=root, **values)
        (self._folder / page).parent.mkdir(exist_ok=True)
        (self._folder / page).write_text(text, encoding="utf-8")

    def figure(self, page: str, name: str) -> Markup | None:
        """The drawing when there is one. It holds only our own words, numbers and escaped names."""
        drawing = self._drawings.get(f"{page}#{name}")
        return None if drawing is None else Markup(drawing)


def _breakable(name: str) -> Markup:
    """A name that may break after its slashes and underscores before it breaks elsewhere."""
    return Markup("<wbr>").join(part for part in re.split(r"(?<=[/_])", name) if part)
