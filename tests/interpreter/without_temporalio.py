"""A program that runs the core and the fake world where temporalio can't be imported.

    python -m tests.interpreter.without_temporalio

It prints how many modules it has imported and how many cases it has run, and ends with an error if one of them needs
Temporal or does not end as it must.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

MISSING = ("temporalio", "interpreter.temporal", "interpreter.cli")
"""What can't be imported here, with all that is below it."""


class _Refusing(MetaPathFinder):
    """Lets nobody import what is missing, as if it was not installed."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if is_missing(name):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def is_missing(name: str) -> bool:
    """Whether a module is one of those that can't be imported here."""
    return any(name == missing or name.startswith(f"{missing}.") for missing in MISSING)


def find_pure_modules() -> Iterator[str]:
    """Find all modules that must do without Temporal."""
    for package in ("dsl", "interpreter"):
        root = importlib.import_module(package)
        yield package
        yield from _find_below(root.__path__, package)


def _find_below(path: Sequence[str], package: str) -> Iterator[str]:
    for found in pkgutil.iter_modules(path, f"{package}."):
        if is_missing(found.name):
            continue
        yield found.name
        if found.ispkg:
            yield from _find_below(importlib.import_module(found.name).__path__, found.name)


def main() -> None:
    """Import all pure modules, and run all cases that bring their activities along."""
    sys.meta_path.insert(0, _Refusing())
    modules = list(find_pure_modules())
    for name in modules:
        importlib.import_module(name)

    # here, because the support of the tests must be imported without temporalio, too
    from tests.support.cases import run_cases
    from tests.support.ending import check
    from tests.support.fake_world import run_on_fake

    scripted = [case for case in run_cases() if not case.needs_demo_activities]
    for case in scripted:
        check(case, run_on_fake(case))
    assert not [name for name in sys.modules if is_missing(name)]
    print(f"{len(modules)} modules and {len(scripted)} cases do without temporalio")


if __name__ == "__main__":
    main()
