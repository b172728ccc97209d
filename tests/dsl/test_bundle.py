"""Definitions in several files: read with the one that names them, each checked with its own positions."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.check import Checked, InvalidDefinition, check
from dsl.reading.files import MAX_BYTES
from dsl.reading.reader import read_bytes, read_file, read_text

CHILD = """\
dsl: "1"
name: packing
input: {type: object, required: [sku]}
steps: [{wait: 1s}]
"""


def root(files: str, child: str = "pack", more: str = "") -> str:
    return f"""\
dsl: "1"
name: root
definitions:
{files}
steps:
  - child_workflow: {child}
    input: {{sku: x}}
{more}"""


def checked_in(folder: Path, text: str, **files: str) -> Checked:
    for name, content in files.items():
        file = folder / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
    (folder / "root.yaml").write_text(text, encoding="utf-8")
    return check(read_file(folder / "root.yaml"))


def said(checked: Checked) -> list[str]:
    return [f"{p.code}: {p.message} @{'.'.join(map(str, p.path))}" for p in checked.problems]


def test_a_bundle_of_files(tmp_path: Path) -> None:
    more = "  - child_workflow: ship\n"
    ship = 'dsl: "1"\nname: ship\nsteps: [{child_workflow: pack, input: {sku: 1}}]\n'
    text = root("  pack: pack.yaml\n  ship: parts/ship.yaml", more=more)
    checked = checked_in(tmp_path, text, pack=CHILD, parts__ship=ship)
    assert [each.problems for each in checked.documents] == [(), (), ()]
    assert checked.files["ship"].source.name == str(tmp_path / "parts/ship.yaml")
    assert checked.definition is not None


def test_problems_of_a_file_are_its_own(tmp_path: Path) -> None:
    wrong = CHILD + "  - {child_workflow: pakc, arg: 1}\n"
    wrong = wrong.replace("steps: [{wait: 1s}]", "steps:")
    checked = checked_in(tmp_path, root("  pack: pack.yaml"), pack=wrong)
    assert checked.problems == ()
    assert said(checked.files["pack"]) == [
        'unknown-key: "arg" is not a key of a child_workflow step @steps.0.arg',
        'unknown-definition: there is no definition "pakc" @steps.0.child_workflow',
    ]
    assert checked.definition is None
    assert str(InvalidDefinition(checked)).endswith("(and 1 more)")


def test_a_file_that_is_not_yaml(tmp_path: Path) -> None:
    checked = checked_in(tmp_path, root("  pack: pack.yaml"), pack="dsl: [")
    assert checked.problems == ()
    assert [p.code for p in checked.files["pack"].problems] == ["yaml-syntax"]
    assert checked.definition is None


def test_the_input_of_a_file_is_checked(tmp_path: Path) -> None:
    text = root("  pack: pack.yaml").replace("sku: x", "")
    assert said(checked_in(tmp_path, text, pack=CHILD)) == [
        'wrong-input: the input of "pack" needs sku @steps.0.input'
    ]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("gone.yaml", "gone.yaml: there is no such file"),
        ("parts", "parts: this is a directory, not a file"),
        ("../root.yaml", "../root.yaml: the file is not in the folder of this definition"),
        ("/etc/hostname", "/etc/hostname: the file is not in the folder of this definition"),
        ("linked.yaml", "linked.yaml: the file is not in the folder of this definition"),
        ('"a\\0b"', "a\0b: this is not the name of a file"),
        ("loop", "loop: the file cannot be read: Too many levels of symbolic links"),
    ],
)
def test_files_that_a_bundle_can_not_have(tmp_path: Path, path: str, message: str) -> None:
    folder = tmp_path / "bundle"
    (folder / "parts").mkdir(parents=True)
    (tmp_path / "elsewhere.yaml").write_text(CHILD, encoding="utf-8")
    (folder / "linked.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    (folder / "loop").symlink_to(folder / "loop")
    checked = checked_in(folder, root(f"  pack: {path}"))
    assert said(checked) == [f"unreadable-file: {message} @definitions.pack"]
    assert checked.files == {}
    assert checked.definition is None


@pytest.mark.parametrize("path", ["root.yaml", "pack.yaml"])
def test_a_bundle_is_flat(tmp_path: Path, path: str) -> None:
    nested = root("  other: other.yaml", child="other")
    checked = checked_in(tmp_path, root(f"  pack: {path}"), pack=nested)
    assert f'misplaced-key: {path} has "definitions" of its own @definitions.pack' in said(checked)
    assert checked.files == {}


def test_a_bundle_that_is_too_large(tmp_path: Path) -> None:
    text = root(
        "  pack: pack.yaml\n  more: more.yaml", more="  - child_workflow: more\n    input: {sku: y}\n"
    )
    padded = f"{CHILD}# {'x' * (MAX_BYTES // 2)}\n"
    checked = checked_in(tmp_path, text, pack=padded, more=CHILD)
    assert checked.definition is not None
    checked = checked_in(tmp_path, text, pack=CHILD, more=f"{padded}# {'x' * (MAX_BYTES // 2 - 200)}\n")
    assert said(checked) == [
        "bundle-too-large: more.yaml: with this file the bundle is larger than 1 MiB @definitions.more"
    ]


def test_what_was_read_already_names_no_files() -> None:
    text = root("  pack: pack.yaml")
    for document in (read_text(text), read_bytes(text.encode())):
        assert said(check(document)) == ["unreadable-file: pack.yaml was not read @definitions.pack"]


def test_a_bundle_of_texts() -> None:
    text = root("  pack: pack.yaml\n  ship: {steps: [{child_workflow: pack, input: {sku: 1}}]}", child="ship")
    checked = check(read_text(text, "root.yaml", {"pack": CHILD}))
    assert [each.problems for each in checked.documents] == [(), ()]


def test_what_only_an_unused_definition_runs_is_unused() -> None:
    one, other = "{steps: [{child_workflow: ship}]}", "{steps: [{child_workflow: pack, input: {sku: 1}}]}"
    text = root(f"  ship: {one}\n  pack: {other}\n  idle: {{steps: [{{wait: 1s}}]}}", child="idle")
    assert [p.path[1] for p in check(read_text(text)).problems] == ["ship", "pack"]


def test_a_root_without_form_still_has_its_files_checked(tmp_path: Path) -> None:
    text = 'dsl: "1"\nname: x\nsteps: 5\ndefinitions: {pack: pack.yaml}\n'
    checked = checked_in(tmp_path, text, pack=CHILD.replace("sku", "sku, sku"))
    assert [p.code for p in checked.problems] == ["wrong-type"]
    assert checked.files["pack"].problems == ()
