"""The commands read and check all files of a bundle, and send them with the run."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.processes import stepfile

ROOT = """\
dsl: "1"
name: order
definitions:
  pack: parts/pack.yaml
  label: {steps: [{activity: print_label}]}
steps:
  - child_workflow: pack
"""
PACK = """\
dsl: "1"
name: packing
defaults: {timeouts: {start_to_close: 5s}}
steps:
  - activity: fold_box
  - child_workflow: label
output: packed
"""
ACTIVITIES = """\
from temporalio import activity

@activity.defn
async def fold_box() -> None: ...

@activity.defn
async def print_label() -> None: ...
"""


def write_bundle(folder: Path, root: str = ROOT, pack: str = PACK) -> Path:
    (folder / "parts").mkdir()
    (folder / "parts" / "pack.yaml").write_text(pack, encoding="utf-8")
    (folder / "shop.py").write_text(ACTIVITIES, encoding="utf-8")
    (folder / "order.yaml").write_text(root, encoding="utf-8")
    return folder


def correct(root: str = ROOT) -> str:
    return root.replace("{activity: print_label}", "{activity: print_label, timeouts: {start_to_close: 5s}}")


def test_all_files_are_checked(tmp_path: Path) -> None:
    wrong = write_bundle(tmp_path, pack=PACK.replace("label", "lable"))
    done = stepfile("validate", "order.yaml", cwd=wrong)
    assert done.returncode == 1
    assert "order.yaml:5:20: missing-timeout" in done.stdout
    assert 'parts/pack.yaml:6:21: unknown-definition: there is no definition "lable"' in done.stdout
    assert done.stdout.endswith("2 files: 2 errors\n")


def test_a_file_is_checked_inside_its_bundle(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path, correct())
    done = stepfile("validate", "parts/pack.yaml", "order.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "2 files: fine\n")
    assert stepfile("validate", "parts/pack.yaml", cwd=folder).returncode == 1


def test_calls_of_all_files_are_checked_against_the_activities(tmp_path: Path) -> None:
    root = correct().replace("print_label", "print_lable")
    folder = write_bundle(tmp_path, root, PACK.replace("fold_box", "fold_boxes"))
    done = stepfile("validate", "--activities", "shop", "--format", "json", "order.yaml", cwd=folder)
    found = [(each["file"], each["code"], each["line"]) for each in json.loads(done.stdout)]
    assert found == [("order.yaml", "unknown-activity", 5), ("parts/pack.yaml", "unknown-activity", 5)]
    assert done.returncode == 1


def test_a_run_has_the_files_of_its_bundle(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path, correct())
    done = stepfile("run", "--json", "--activities", "shop", "order.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["result"] == "packed"
    [step] = record["steps"]
    assert (step["kind"], step["child"]["workflow_id"]) == (
        "child_workflow",
        f"{record['workflow_id']}/steps[0]",
    )


def test_mistakes_of_all_files_are_shown_before_a_run(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path, correct(), PACK.replace("label", "lable"))
    done = stepfile("run", "--activities", "shop", "order.yaml", cwd=folder)
    assert done.returncode == 1
    assert 'parts/pack.yaml:6:21: unknown-definition: there is no definition "lable"' in done.stderr
