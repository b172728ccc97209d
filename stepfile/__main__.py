"""Run the command `stepfile`, also as `python -m stepfile`.

Nothing of `interpreter` is imported before it is known that it is Stepfile's. So this module can say what is wrong
when the rest can't be imported.
"""

import sys
from typing import NoReturn

from stepfile._own_packages import ForeignPackage, require_own_packages


def main() -> NoReturn:
    """Run the command line of this process, and end it.

    The exit code is 1 when Stepfile itself can't be imported.
    """
    try:
        require_own_packages()
        from interpreter.cli.main import main as run_command
    except ForeignPackage as error:
        sys.exit(f"stepfile: {error}")
    except ImportError as error:
        sys.exit(
            f"stepfile: Stepfile's own code can't be imported: {error}\n"
            "hint: its installation is incomplete; install it again, best in an environment of its own"
        )
    run_command()


if __name__ == "__main__":
    main()
