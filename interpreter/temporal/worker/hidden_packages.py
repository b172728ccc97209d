"""Find packages of a project that Stepfile's packages hide.

Stepfile is imported first. So when a project has a package or module named `dsl`, an `import dsl` in its activities
silently gives Stepfile's. Stepfile refuses to make a worker then, and to import the activities, instead of letting
them fail in the middle of a run.

A folder without `__init__.py` (a namespace package) is never taken for another one silently: `import dsl.orders` says
that there is no such module. Such folders are looked for only to explain that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

OWN_NAMES = ("dsl", "interpreter", "stepfile")
_INSTALLED_IN = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class HiddenPackage:
    """A package or module that can't be imported, because its name is one of Stepfile's."""

    name: str
    found: Path

    def __str__(self) -> str:
        return (
            f"{self.found} is hidden by Stepfile's package of the same name:"
            f" `import {self.name}` would give {_INSTALLED_IN / self.name / '__init__.py'}"
        )


def find_hidden_package(*, namespaces: bool = False) -> HiddenPackage | None:
    """Look on the whole import path for a package, or a module, that has the name of one of Stepfile's.

    Args:
        namespaces: Whether to look for folders without `__init__.py`, too.
    """
    for name in OWN_NAMES:
        for spec in _find_specs(name):
            folders = list(spec.submodule_search_locations or ())
            if spec.origin is None and not namespaces:
                continue
            found = Path(spec.origin or folders[0])
            if not _is_stepfile(Path(folders[0] if folders else found).parent):
                return HiddenPackage(name, found)
    return None


def _find_specs(name: str) -> Iterator[ModuleSpec]:
    """Find all that `import name` could mean, not only the first."""
    for finder in sys.meta_path:
        if finder is PathFinder:
            found = [PathFinder.find_spec(name, [folder]) for folder in sys.path]
        else:  # such as those of editable installations
            found = [finder.find_spec(name, None)]
        yield from (spec for spec in found if spec is not None)


def _is_stepfile(folder: Path) -> bool:
    """Whether this is where Stepfile is installed, or where another copy of it lies, such as a clone."""
    return folder.resolve() == _INSTALLED_IN.resolve() or all(
        (folder / file).is_file() for file in ("dsl/check.py", "interpreter/machine.py")
    )
