"""Make sure that `dsl` and `interpreter` are Stepfile's own packages before anything is imported from them.

Their names are not rare. A package of the same name in the working directory, on PYTHONPATH or in the same
environment can take their place (docs/decisions/021-public-name.md). Without this check that shows as an error such
as "No module named 'interpreter.cli'".

The other direction is that Stepfile's packages hide those of a project. It is looked for before the
project's activities are imported, and when a worker is made (`interpreter/temporal/worker/hidden_packages.py`).

All this may also be imported in Temporal's sandbox, which allows no look at files.
"""

import os
import re
import sys
from importlib.util import find_spec

PACKAGES = ("dsl", "interpreter")
_INSTALLED_IN = os.path.dirname(os.path.dirname(__file__))
"""The three packages lie beside each other, in a wheel as in the repository."""


class ForeignPackage(ImportError):
    """A package that is not Stepfile's has taken the place of one that is.

    The message says which one, where it was found, and what to do.
    """


def require_own_packages() -> None:
    """Check where `dsl` and `interpreter` come from, without importing them.

    Raises:
        ForeignPackage: another file would be imported, or another distribution was installed into the same folders.
    """
    for name in PACKAGES:
        _check_place(name)
    _check_neighbours()


def _check_place(name: str) -> None:
    expected = os.path.join(_INSTALLED_IN, name, "__init__.py")
    found = _locate(name)
    if found is None:
        raise ForeignPackage(f"the package `{name}` is missing: {expected}\nhint: install Stepfile again")
    if not _is_same_folder(os.path.dirname(found), os.path.dirname(expected)):
        raise ForeignPackage(
            f"another `{name}` hides the one of Stepfile\n"
            f"  found:    {found}\n"
            f"  expected: {expected}\n"
            "hint: rename yours, or take its folder off the import path (PYTHONPATH, or the working directory of"
            " `python -m`); Stepfile needs the names dsl, interpreter and stepfile for itself"
        )


def _locate(name: str) -> str | None:
    """Find the file that `import name` gives, or a folder of a namespace package."""
    module = sys.modules.get(name)
    spec = find_spec(name) if module is None else None
    if spec is not None:
        places = [spec.origin, *(spec.submodule_search_locations or ())]
    else:
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return next((place for place in places if place is not None), None)


def _is_same_folder(one: str, other: str) -> bool:
    return one == other or os.path.realpath(one) == os.path.realpath(other)


def _check_neighbours() -> None:
    """Look for another distribution in this environment whose files lie in Stepfile's folders.

    pip installs both into one folder without a word, and the later one overwrites files of the earlier one. Each
    distribution has a list of its files, `RECORD`.
    """
    names = "|".join((*PACKAGES, "stepfile"))
    claim = re.compile(rf"^({names})(?:/|\.py,)", re.MULTILINE)
    for distribution, record in _read_records():
        if found := claim.search(record):
            raise ForeignPackage(
                f"{distribution} was installed into the same folder as Stepfile, and has a package"
                f" `{found[1]}`, too\n"
                f"  folder: {os.path.join(_INSTALLED_IN, found[1])}\n"
                "hint: install Stepfile anew in an environment without it: pip has mixed their files"
            )


def _read_records() -> list[tuple[str, str]]:
    """Read name and list of files of each distribution that is installed beside Stepfile."""
    records: list[tuple[str, str]] = []
    try:
        for entry in os.listdir(_INSTALLED_IN):
            distribution, _, kind = entry.rpartition(".")
            if kind == "dist-info" and not distribution.startswith("stepfile-"):
                file = os.path.join(_INSTALLED_IN, entry, "RECORD")
                if os.path.isfile(file):
                    with open(file, encoding="utf-8", errors="replace") as record:
                        records.append((distribution.replace("-", " "), record.read()))
    except Exception:  # a zip file, or Temporal's sandbox
        return []
    return records
