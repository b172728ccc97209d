"""The reference says of the code what the code says of itself."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from dsl.json_schema.forms import KINDS, name_without_action
from dsl.json_schema.schema import METASCHEMA, build_workflow_schema
from tests.docs.pages import pages
from tests.docs.tables import MAPS, TABLES, tables_of, up_to_date

PAGES = [page for page in pages() if tables_of(page)]

CHOICES = {*KINDS, *map(name_without_action, KINDS)}
WITHOUT_TABLE = {"BundledDefinition", "DeadlineTimeouts", "DefaultCase", "Pages", METASCHEMA, *CHOICES}
"""The keys of `BundledDefinition` stand in the table of a definition. A choice is one of its kinds. JSON Schema has
pages of its own. The others have but one key, told in words."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == up_to_date(text), "bring it up to date: python -m tests.docs.tables"


def test_every_table_stands_once() -> None:
    assert sorted(chain.from_iterable(map(tables_of, PAGES))) == sorted(TABLES)


def test_every_map_of_the_language_has_a_table() -> None:
    assert set(build_workflow_schema()["$defs"]) == {*filter(None, MAPS.values()), *WITHOUT_TABLE}
