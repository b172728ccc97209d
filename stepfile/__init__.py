"""Check, start and follow runs, and make workers: this is the Python API of Stepfile.

    from stepfile import connect, prepare, read_file, start

    submission = prepare(read_file("trip-booking.yaml"), {"car_id": "c1", ...})
    handle = await start(await connect(), submission)
    print(await handle.result())

What authors of activities need is in `stepfile.activity`, the encryption of payloads in `stepfile.encryption`, the
plugin that traces in `stepfile.opentelemetry`, the health of workers in `stepfile.health`, and the database of dead
letters in `stepfile.sql`.

These six modules are the promise. From version 1.0 on, a name in them is removed or changed only after it was
deprecated for at least one minor release. Everything else that gets installed is internal and can change in any
release: the packages `dsl` and `interpreter`, and modules here whose names begin with an underscore.

The names are loaded when the first of them is used, so that `import stepfile.activity` costs an activity little.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepfile._api import *
else:

    def __getattr__(name):
        from importlib import import_module
        from importlib.util import find_spec

        from stepfile._own_packages import require_own_packages

        # Python asks here first in `from stepfile import activity`, and tools ask every module for names such as
        # `__wrapped__`. Neither is a reason to load the API.
        is_special = name.startswith("_") and name != "__all__"
        if not is_special and find_spec(f"{__name__}.{name}") is None:
            require_own_packages()
            api = import_module("stepfile._api")
            names = {"__all__": api.__all__, **{each: getattr(api, each) for each in api.__all__}}
            globals().update(names)
            if name in names:
                return names[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__getattr__("__all__")})
