"""Try the wheel in a new folder, with the definition of the demo and activities for it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from tests.packaging.installation import Installed
from tests.packaging.report import expect, expect_success, run_outside, tell

DEFINITION = Path(__file__).parents[2] / "definitions" / "trip-booking.yaml"
ACTIVITIES = '''"""Book a trip."""

from stepfile.activity import idempotency_key
from temporalio import activity


@activity.defn
def book_car(wanted: str) -> str:
    return f"car {wanted} {idempotency_key().rpartition('/')[2]}"


@activity.defn
def book_hotel(wanted: str) -> str:
    return f"hotel {wanted}"


@activity.defn
def book_flight(wanted: str) -> str:
    if wanted == "invalid":
        raise ValueError("Invalid flight ID")
    return f"flight {wanted}"


@activity.defn
def undo_book_car(booking: str) -> None: ...


@activity.defn
def undo_book_hotel(booking: str) -> None: ...


@activity.defn
def undo_book_flight(booking: str) -> None: ...
'''
RIGHT = """
from stepfile import Submission, connect, create_worker, prepare, read_file, start
from stepfile.activity import idempotency_key, last_heartbeat


async def order() -> str:
    submission: Submission = prepare(read_file("order.yaml"), {"sku": "tea"})
    handle = await start(await connect(), submission)
    return handle.id + idempotency_key() + str(last_heartbeat(0) + 1)
"""
WRONG = 'from stepfile import prepare, prepair\n\nprepare(read="order.yaml")\n'


def make_project(folder: Path) -> Path:
    """Write the definition and the activities into a new folder."""
    folder.mkdir()
    shutil.copy(DEFINITION, folder)
    (folder / "trip.py").write_text(ACTIVITIES)
    return folder


def check_commands(installed: Installed, project: Path, version: str) -> None:
    """Check that the command and the module work, and that the definition runs, well and badly."""
    tell("running the demo's definition")
    file = ("trip-booking.yaml", "--activities", "trip")
    expect(expect_success(installed.stepfile, "--version") == f"stepfile {version}\n", "--version is wrong")
    expect_success(installed.python, "-c", "import stepfile; stepfile.connect", cwd=project)
    for command in ((installed.stepfile,), (installed.python, "-m", "stepfile")):
        said = expect_success(*command, "validate", *file, cwd=project)
        expect(said == "trip-booking.yaml: fine\n", f"validate said {said}")
    unconfigured = ("env", f"XDG_CONFIG_HOME={project}")  # a configured Temporal must not be reached
    run = (
        *unconfigured,
        installed.stepfile,
        "run",
        *file,
        "--input",
        "car_id=mini",
        "--input",
        "hotel_id=ritz",
    )
    booked = json.loads(expect_success(*run, "--input", "flight_id=LH1", cwd=project))
    expected = {"success": True, "car": "car mini book_car", "hotel": "hotel ritz", "flight": "flight LH1"}
    expect(booked == expected, f"the run gave {booked}")
    undone = json.loads(expect_success(*run, "--input", "flight_id=invalid", cwd=project))
    expect(undone == {"success": False, "error": "Invalid flight ID"}, f"the second run gave {undone}")


def check_types(installed: Installed, project: Path) -> None:
    """Check that a type checker sees the types of the installed package."""
    tell("checking types against the installed wheel")
    mypy = (
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir=/dev/null",
        "--python-executable",
        installed.python,
    )
    right, wrong = project / "right.py", project / "wrong.py"
    right.write_text(RIGHT)
    wrong.write_text(WRONG)
    expect_success(*mypy, right, cwd=project)
    said = run_outside(*mypy, wrong, cwd=project).stdout
    for mistake in ('Module "stepfile" has no attribute "prepair"', 'Unexpected keyword argument "read"'):
        expect(mistake in said, f"mypy has not found the mistake {mistake}:\n{said}")


def check_collision(installed: Installed, project: Path) -> None:
    """Check that a package of the project with the name of one of Stepfile's is reported."""
    tell("giving the project a package named dsl")
    (project / "dsl").mkdir()
    (project / "dsl" / "__init__.py").touch()
    for command, sentence in {
        (
            installed.stepfile,
            "worker",
            "--activities",
            "trip",
        ): "is hidden by Stepfile's package of the same name",
        (
            installed.python,
            "-m",
            "stepfile",
            "--version",
        ): "stepfile: another `dsl` hides the one of Stepfile",
    }.items():
        ended = run_outside(*command, cwd=project)
        expect(ended.returncode == 1, f"{command[-1]} ended with {ended.returncode}")
        expect(sentence in ended.stderr, f"the collision is not told: {ended.stderr}")
