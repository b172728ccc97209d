"""OpenTelemetry's environment variables switch the traces of all commands on; what they send is one trace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from signal import SIGKILL

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile
from tests.support.waiting import until
from tests.temporal.tracing.recorded import collect

INPUT = ("--input", "item=tea", "--input", "card=empty")
ORDER = """\
dsl: "1"
name: order
signals: {go: {}}
defaults:
  timeouts: {start_to_close: 60s}
  retry: {initial_interval: 1s, maximum_attempts: 3}
steps:
  - {id: reserve, activity: reserve, args: [tea], compensate: {activity: release, args: [tea]}}
  - {id: go, wait_for: {signal: go}}
  - {id: charge, activity: charge, args: [empty]}
"""


@pytest.fixture
def env(server: DevServer) -> Mapping[str, str]:
    """Return the environment that names the server."""
    return {"TEMPORAL_ADDRESS": server.address}


@pytest.mark.slow
async def test_a_trace_of_many_processes_of_which_one_is_killed(
    shop: Path, env: Mapping[str, str], task_queue: str
) -> None:
    (shop / "order.yaml").write_text(ORDER)
    queue = ("--task-queue", task_queue)
    with collect() as collector:
        env = {**env, **collector.environment}
        with run_in_background("worker", *queue, cwd=shop, env=env) as worker:
            worker.wait_for_output("worker on task queue")
            submitted = stepfile("submit", "order.yaml", "--id", task_queue, *queue, cwd=shop, env=env)
            assert submitted.returncode == ExitCode.SUCCESS, submitted.stderr
            await until(lambda: any(span.name == "reserve" for span in collector.spans), "it is told")
            worker.send_signal(SIGKILL)
            worker.wait_for_exit()
        with run_in_background(
            "worker", *queue, cwd=shop, env={**env, "OTEL_SERVICE_NAME": "shop"}
        ) as worker:
            worker.wait_for_output("worker on task queue")
            sent = stepfile("signal", task_queue, "go", cwd=shop, env=env)
            assert sent.returncode == ExitCode.SUCCESS, sent.stderr
            followed = stepfile("status", task_queue, "--follow", cwd=shop, env=env)
            assert followed.returncode == ExitCode.FAILED, followed.stderr
            await until(lambda: any(span.name == "run order" for span in collector.spans), "it is told")
    lines = collector.tree()
    assert [line for line in lines if line != "signal go"] == [
        "start order",
        "  run order failed CardDeclined",
        "    reserve completed",
        "      attempt reserve completed",
        "    go completed",
        "    charge failed CardDeclined",
        "      attempt charge failed ConnectionError",
        "      attempt charge failed CardDeclined",
        "    undo reserve completed",
        "      attempt release completed",
    ]
    assert "signal go" in lines
    assert len({span.trace for span in collector.spans}) == 2, "that of the run, and that of the signal"
    assert collector.services == {"stepfile", "shop"}


def test_run_here_and_now(shop: Path) -> None:
    with collect() as collector:
        ended = stepfile("run", "order.yaml", *INPUT, cwd=shop, env=collector.environment)
    assert ended.returncode == ExitCode.FAILED
    assert [line for line in collector.tree() if not line.startswith("    ")] == [
        "start order",
        "  run order failed CardDeclined",
    ]


def test_the_console_is_not_standard_output(shop: Path) -> None:
    ended = stepfile("run", "order.yaml", *INPUT, cwd=shop, env={"OTEL_TRACES_EXPORTER": "console"})
    assert '"name": "run order"' in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"OTEL_TRACES_EXPORTER": "otpl"},
            'OTEL_TRACES_EXPORTER is "otpl", and no package with the exporter otpl is installed\n'
            "hint: accepted: otlp, console, none, otlp_proto_http\n",
        ),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http"},
            'OTEL_EXPORTER_OTLP_PROTOCOL is "http"\nhint: accepted: http/protobuf, grpc\n',
        ),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"},
            'OTEL_TRACES_EXPORTER is "otlp", and no package with the exporter otlp_proto_grpc is installed\n'
            "hint: pip install opentelemetry-exporter-otlp-proto-grpc\n",
        ),
    ],
)
def test_what_can_be_wrong_with_the_variables(
    shop: Path, env: Mapping[str, str], variables: Mapping[str, str], expected: str
) -> None:
    ended = stepfile("submit", "order.yaml", *INPUT, cwd=shop, env={**env, **variables})
    assert ended.returncode == ExitCode.FAILED
    assert expected in ended.stderr


@pytest.mark.parametrize(
    "variables",
    [{"OTEL_TRACES_EXPORTER": "none"}, {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}],
)
def test_what_switches_traces_off(shop: Path, env: Mapping[str, str], variables: Mapping[str, str]) -> None:
    with collect() as collector:
        env = {**env, **collector.environment, **variables}
        ended = stepfile("submit", "order.yaml", *INPUT, cwd=shop, env=env)
    assert ended.returncode == ExitCode.SUCCESS
    assert not collector.spans


def test_without_the_extra(shop: Path, env: Mapping[str, str]) -> None:
    hidden = shop / "opentelemetry"
    hidden.mkdir()
    (hidden / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'opentelemetry'\", name='opentelemetry')\n"
    )
    without = {**env, "PYTHONPATH": str(shop)}
    ended = stepfile("submit", "order.yaml", *INPUT, cwd=shop, env=without)
    assert ended.returncode == ExitCode.SUCCESS, "nothing else needs it"
    ended = stepfile(
        "submit", "order.yaml", *INPUT, cwd=shop, env={**without, "OTEL_TRACES_EXPORTER": "otlp"}
    )
    assert ended.returncode == ExitCode.FAILED
    assert ended.stderr.endswith(
        "OTEL_TRACES_EXPORTER asks for traces, and OpenTelemetry is not installed: "
        "No module named 'opentelemetry'\n"
        "hint: pip install 'stepfile[otel]', or set OTEL_TRACES_EXPORTER=none\n"
    )
