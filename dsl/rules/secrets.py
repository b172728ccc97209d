"""A definition is no place for secrets: it is kept in a repository, and its text is part of the history of each run.

Only what can hardly be anything else is called a secret: the formats of well-known keys, and a long value without
words under a key that is called so. No message quotes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dsl.definition.sites import find_all_sites
from dsl.model import Definition
from dsl.problems.problem import Problem
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path

_FORMATS: Final = re.compile(
    r"""
    \b(?: (?:AKIA|ASIA)[A-Z0-9]{16}             # Amazon
        | gh[pousr]_[A-Za-z0-9]{36,}            # GitHub
        | github_pat_[A-Za-z0-9_]{50,}
        | glpat-[A-Za-z0-9_-]{20,}              # GitLab
        | [sr]k_live_[A-Za-z0-9]{16,}           # Stripe
        | xox[abprs]-[A-Za-z0-9-]{20,}          # Slack
        | AIza[A-Za-z0-9_-]{35}                 # Google
        | npm_[A-Za-z0-9]{36}
        | eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}  # a JSON Web Token
      )
  | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
  | ^(?:Bearer|Basic)\ +[A-Za-z0-9._~+/-]{20,}=*$
    """,
    re.VERBOSE,
)
_KEY: Final = re.compile(
    r"(?:.*[_-])?(?:password|passwd|secret|token|(?:api|access|private|secret)[_-]?key)", re.IGNORECASE
)
_NAME: Final = r"[A-Za-z]*\d{0,4}(?:[_+/=.~-][A-Za-z]*\d{0,4})*"
"""Words with a short number behind them, such as the path under which a secret is kept: `payments/api-key/v2026`."""
_RANDOM: Final = re.compile(rf"(?!{_NAME}\Z)(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9_+/=.~-]{{20,}}")
"""Twenty or more characters without spaces, with letters and digits mixed among them."""

_HINT: Final = (
    "give the worker a secret, and write ${ secrets.NAME } in the arguments of the activity or in http"
)


def check_secrets(definition: Definition) -> Iterator[Problem]:
    """Warn of literal values that look like secrets."""
    for site in find_all_sites(definition):
        yield from _check_value(site.template.source, site.path)


def _check_value(value: JsonValue, path: Path) -> Iterator[Problem]:
    if isinstance(value, str):
        if len(value) >= 20 and "${" not in value and _is_secret(value, str(path[-1])):
            yield Problem(
                "secret",
                "this looks like a secret, and everybody who sees the definition or a run of it can read it",
                path,
                hint=_HINT,
                severity="warning",
                secret=value,
            )
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _check_value(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check_value(item, (*path, index))


def _is_secret(text: str, key: str) -> bool:
    if _FORMATS.search(text):
        return True
    return _KEY.fullmatch(key) is not None and _RANDOM.fullmatch(text) is not None
