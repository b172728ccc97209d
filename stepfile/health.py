"""Tell whether a worker that you embed is live and ready, and serve that over HTTP.

    from stepfile.health import WorkerHealth, serve_health

    health = WorkerHealth(worker)
    async with serve_health(health, "0.0.0.0:8080"), worker:
        await until_somebody_stops_it()
        health.note_draining()

`stepfile worker --health-address` does the same.
"""

from stepfile._own_packages import require_own_packages

require_own_packages()

from interpreter.temporal.observing.health import Readiness, WorkerHealth  # noqa: E402
from interpreter.temporal.observing.health_server import serve_health  # noqa: E402
from interpreter.temporal.observing.listen_address import ListenProblem  # noqa: E402

__all__ = ["ListenProblem", "Readiness", "WorkerHealth", "serve_health"]
