"""Build wheel and sdist, and use the wheel as a stranger does: alone, in a new environment, in an empty folder.

`make wheel` runs it. What was built stays in `dist/`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.packaging.contents import check_sdist, check_wheel
from tests.packaging.installation import install
from tests.packaging.project import check_collision, check_commands, check_types, make_project
from tests.packaging.report import expect_success, tell

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"


def main() -> None:
    """Build, check and try it.

    Raises:
        SystemExit: something is not as it should be; the message says what.
    """
    shutil.rmtree(DIST, ignore_errors=True)
    tell("building sdist and wheel")
    expect_success(sys.executable, "-m", "build", "--outdir", DIST, ROOT)
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    check_wheel(wheel)
    check_sdist(sdist)
    expect_success(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
    with TemporaryDirectory(prefix="stepfile-wheel-") as scratch:
        tell(f"installing {wheel.name} into a new environment")
        installed = install(wheel, Path(scratch, "venv"))
        project = make_project(Path(scratch, "project"))
        check_commands(installed, project, version=wheel.name.split("-")[1])
        check_types(installed, project)
        check_collision(installed, project)
    tell(f"fine: {wheel.relative_to(ROOT)}, {sdist.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
