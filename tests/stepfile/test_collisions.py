"""A package that has the name of one of Stepfile's is reported before anything runs, whoever hides whom."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.processes import run

DEFINITION = 'dsl: "1"\nname: a\nsteps: [{wait: 1s}]\n'
ACTIVITIES = """
from pathlib import Path

from temporalio import activity

Path("imported").touch()


@activity.defn
def pack(item: str) -> str:
    return item
"""
WORKER = """
import asyncio
from temporalio.client import Client
from temporalio.worker import Worker
from stepfile import StepfilePlugin, create_worker

client = asyncio.run(Client.connect("localhost:7233", lazy=True))
"""
MAKERS = ["create_worker(client, [])", "Worker(client, task_queue='shop', plugins=[StepfilePlugin()])"]
SHAPES = ["dsl.py", "dsl/__init__.py", "interpreter.py", "interpreter/__init__.py"]
EACH_ONCE = ["dsl.py", "interpreter/__init__.py"]
NEEDED = "Stepfile needs the names dsl, interpreter"


@pytest.mark.parametrize("foreign", SHAPES)
def test_a_package_in_the_working_directory_hides_ours(tmp_path: Path, foreign: str) -> None:
    found = write(tmp_path, foreign)
    ended = run(sys.executable, "-m", "stepfile", "--version", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert_tells_of_hidden_own_package(ended.stderr, found)


@pytest.mark.parametrize("foreign", EACH_ONCE)
def test_a_package_on_pythonpath_hides_ours(tmp_path: Path, foreign: str) -> None:
    found = write(tmp_path / "lib", foreign)
    ended = command("--version", cwd=tmp_path, first=tmp_path / "lib")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert_tells_of_hidden_own_package(ended.stderr, found)


@pytest.mark.parametrize(
    "statement", ["from stepfile import connect", "import interpreter, stepfile; stepfile.connect"]
)
@pytest.mark.parametrize("foreign", EACH_ONCE)
def test_the_api_says_that_a_package_hides_ours(tmp_path: Path, foreign: str, statement: str) -> None:
    found = write(tmp_path, foreign)
    ended = run(sys.executable, "-c", statement, cwd=tmp_path)
    assert ended.returncode == 1
    assert "ForeignPackage: another" in ended.stderr
    assert_tells_of_hidden_own_package(ended.stderr, found)


@pytest.mark.parametrize("foreign", ["interpreter.py", "interpreter/__init__.py"])
def test_an_activity_is_told_that_a_package_hides_ours(tmp_path: Path, foreign: str) -> None:
    found = write(tmp_path, foreign)
    ended = run(sys.executable, "-c", "from stepfile.activity import last_heartbeat", cwd=tmp_path)
    assert ended.returncode == 1
    assert_tells_of_hidden_own_package(ended.stderr, found)


@pytest.mark.parametrize(
    ("foreign", "arguments"),
    [
        *((shape, "validate --with-activities a.yaml") for shape in SHAPES),
        ("stepfile.py", "validate --with-activities a.yaml"),
        ("stepfile/__init__.py", "worker"),
        ("dsl/__init__.py", "worker --activities shop"),
        ("interpreter.py", "run a.yaml"),
    ],
)
def test_a_package_of_the_project_is_hidden_by_ours(shop: Path, foreign: str, arguments: str) -> None:
    found = write(shop, foreign)
    ended = command(*arguments.split(), cwd=shop)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert_tells_of_hidden_package(ended.stderr, found)
    assert not (shop / "imported").exists()


def test_who_does_not_need_the_activities_goes_on(shop: Path) -> None:
    write(shop, "dsl.py")
    ended = command("validate", "a.yaml", cwd=shop)
    assert (ended.returncode, ended.stdout) == (0, "a.yaml: fine\n")


@pytest.mark.parametrize(
    ("make", "foreign"), [*((MAKERS[0], shape) for shape in [*SHAPES, "stepfile.py"]), (MAKERS[1], "dsl.py")]
)
def test_a_worker_is_not_made_where_a_package_is_hidden(tmp_path: Path, foreign: str, make: str) -> None:
    found = write(tmp_path / "lib", foreign)
    ended = command_line("-c", WORKER + make, cwd=tmp_path, last=tmp_path / "lib")
    assert ended.returncode == 1
    assert_tells_of_hidden_package(ended.stderr, found)


def test_an_editable_installation_is_hidden(tmp_path: Path) -> None:
    """It may be found by a hook in `sys.meta_path`, as setuptools does it, and by no folder of the path."""
    found = write(tmp_path / "src", "dsl.py")
    hook = f"""
import sys
from importlib.util import spec_from_file_location

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return spec_from_file_location(name, {str(found)!r}) if name == "dsl" else None

sys.meta_path.append(Finder)
"""
    ended = command_line("-c", hook + WORKER + MAKERS[0], cwd=tmp_path)
    assert ended.returncode == 1
    assert_tells_of_hidden_package(ended.stderr, found)


def test_a_module_in_a_hidden_folder_without_init(shop: Path) -> None:
    write(shop, "dsl/orders.py")
    ended = command("worker", "--activities", "dsl.orders", cwd=shop)
    assert ended.returncode == 1
    assert f"stepfile: {shop / 'dsl'} is hidden by Stepfile's package" in ended.stderr


@pytest.mark.parametrize("start", [("-P", "-m", "stepfile"), ("-m", "stepfile")])
def test_a_folder_of_definitions_may_have_any_name(shop: Path, start: tuple[str, ...]) -> None:
    for name in ("dsl", "interpreter", "stepfile"):
        write(shop, f"{name}/a.yaml", DEFINITION)
    ended = command_line(*start, "validate", "--with-activities", "dsl/a.yaml", cwd=shop)
    assert (ended.returncode, ended.stdout) == (0, "dsl/a.yaml: fine\n"), ended.stderr


def test_the_installed_command_does_not_look_into_the_working_directory(tmp_path: Path) -> None:
    write(tmp_path, "dsl.py")
    write(tmp_path, "a.yaml", DEFINITION)
    ended = command("validate", "a.yaml", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "a.yaml: fine\n"), ended.stderr


def test_another_copy_of_stepfile_is_none_of_the_project(shop: Path) -> None:
    """Whoever works in a clone, with another copy installed, gets the installed one, whole."""
    for name in ("dsl", "interpreter", "stepfile"):
        (shop / name).symlink_to(write(shop / "clone" / name, "__init__.py").parent)
    write(shop, "clone/dsl/check.py")
    write(shop, "clone/interpreter/machine.py")
    ended = command("validate", "--with-activities", "a.yaml", cwd=shop)
    assert (ended.returncode, ended.stdout) == (0, "a.yaml: fine\n"), ended.stderr


@pytest.mark.parametrize("record", ["dsl/orders.py", "interpreter.py"])
def test_a_distribution_that_was_installed_into_the_same_folder(installed: Path, record: str) -> None:
    write(installed, "acme-1.0.dist-info/RECORD", f"acme/__init__.py,,\n{record},sha256=x,17\n")
    ended = command("--version", cwd=installed.parent, first=installed)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "stepfile: acme 1.0 was installed into the same folder as Stepfile" in ended.stderr
    assert f"a package `{record.split('/')[0].removesuffix('.py')}`" in ended.stderr


def test_other_distributions_do_no_harm(installed: Path) -> None:
    for name in ("stepfile-0.1.0", "dsl_tools-1.0"):
        write(
            installed, f"{name}.dist-info/RECORD", "tools/dsl/__init__.py,,\n" + name[:8] + "/__init__.py,,\n"
        )
    ended = command("validate", "--help", cwd=installed.parent, first=installed)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_command_speaks_when_the_rest_cannot_be_imported(tmp_path: Path) -> None:
    write(tmp_path, "click.py", "raise ImportError('half of it is missing')")
    ended = command("--version", cwd=tmp_path, first=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(
        "stepfile: Stepfile's own code can't be imported: half of it is missing\nhint: "
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Make a project with one activity, and a definition that does not call it."""
    write(tmp_path, "pyproject.toml", '[tool.stepfile]\nactivities = ["shop"]\n')
    write(tmp_path, "shop.py", ACTIVITIES)
    write(tmp_path, "a.yaml", DEFINITION)
    return tmp_path


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Make a folder in which the three packages lie, as in `site-packages`."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("dsl", "interpreter", "stepfile"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def write(folder: Path, name: str, text: str = "") -> Path:
    """Write a file, and the folders that it needs."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def command(*arguments: str, cwd: Path, first: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command `stepfile` as it is installed: the working directory is not on the import path."""
    return command_line("-P", "-m", "stepfile", *arguments, cwd=cwd, first=first)


def command_line(
    *arguments: str, cwd: Path, first: Path | None = None, last: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python, with folders before and after Stepfile's on the import path."""
    folders = [first, ROOT, last]
    path = os.pathsep.join(str(folder) for folder in folders if folder is not None)
    return run(sys.executable, *arguments, cwd=cwd, env={"PYTHONPATH": path})


def assert_tells_of_hidden_own_package(text: str, found: Path) -> None:
    """Look for all that the user needs: the name, the file that was found, the one that was expected, the remedy."""
    name = (found.parent if found.stem == "__init__" else found).stem
    assert f"another `{name}` hides the one of Stepfile\n" in text
    assert f"found:    {found}\n" in text
    assert f"expected: {ROOT / name / '__init__.py'}\n" in text
    assert "hint: rename yours, or take its folder off the import path" in text
    assert NEEDED in text


def assert_tells_of_hidden_package(text: str, found: Path) -> None:
    """Look for all that the user needs: the file that is hidden, the one that would be imported, the remedy."""
    name = (found.parent if found.stem == "__init__" else found).stem
    assert f"{found} is hidden by Stepfile's package of the same name" in text
    assert f"`import {name}` would give {ROOT / name / '__init__.py'}" in text
    assert "hint: rename yours" in text
    assert NEEDED in text
