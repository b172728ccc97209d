"""The one way to embed Stepfile: a plugin for a worker, a client and a replayer of the user's own.

`create_worker` makes a worker that has it, for those who need no other options of temporalio's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from temporalio.client import Client, ClientConfig
from temporalio.plugin import SimplePlugin
from temporalio.worker import ReplayerConfig, UnsandboxedWorkflowRunner, WorkerConfig
from temporalio.worker import Worker as Worker  # exported: the command line names it, too

from interpreter.program.model import HTTP_ACTIVITY
from interpreter.temporal.entities.letter import LetterEntity
from interpreter.temporal.entities.serving import create_entity_worker
from interpreter.temporal.observing.interceptor import observe_worker
from interpreter.temporal.observing.metrics import MetricLimits
from interpreter.temporal.observing.shared_breakers import observe_breakers
from interpreter.temporal.secrets.settings import SecretSettings
from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE
from interpreter.temporal.worker.activities import (
    Activity,
    get_activity_name,
    refuse_hidden_packages,
    refuse_unknown_activity,
)
from interpreter.temporal.worker.breakers.guard import BreakerGuard
from interpreter.temporal.worker.data_converter import adapt_client, adapt_converter, adapt_header_codec
from interpreter.temporal.worker.http.activity import HttpActivity
from interpreter.temporal.worker.http.settings import HttpSettings
from interpreter.temporal.worker.interceptor import StepfileInterceptor, find_guard, guard_attempts
from interpreter.temporal.worker.lean_start import LeanRunner
from interpreter.temporal.workflow.letter_delivery import LetterRelay
from interpreter.temporal.workflow.workflow import StepfileWorkflow

THREADS = 100
"""For activities that are plain functions; as many as temporalio runs at once by default."""

DEFAULT_GRACE = timedelta(seconds=30)


class StepfilePlugin(SimplePlugin):
    """Lets a worker of temporalio run definitions, beside whatever else it runs.

        worker = Worker(client, task_queue="shop", activities=[...], plugins=[StepfilePlugin()])

    It adds the workflow that runs definitions, the activity behind `http` steps, an answer to calls of activities
    that the worker does not have, the interceptor that makes attempts, and threads for plain functions if the worker
    has none. It also puts a payload codec around yours, which changes nothing and has large definitions compiled in
    time, a payload converter, which lets arguments with secrets through, and a failure converter, which trims the
    failures of the activities that definitions call. Temporal's runner for workflows outside of the sandbox gives way
    to one that keeps less of a run in memory; one of yours does not.

    Given to `Client.connect(plugins=[...])` instead, it holds for all workers of that client. A replayer takes it,
    too. The data converter is that of the client, as everywhere in temporalio. If it has a codec, that encodes
    headers.
    """

    def __init__(
        self,
        *,
        http: HttpSettings | None = None,
        secrets: SecretSettings | None = None,
        metric_limits: MetricLimits | None = None,
    ) -> None:
        """
        Args:
            http: What `http` steps may ask; without it, every public host.
            secrets: Where the values of `${ secrets.NAME }` are; without it, in the environment of the worker.
            metric_limits: How many definitions and steps metrics name, if the `Runtime` of the client has metrics.

        Raises:
            SecretSettingsProblem: the provider of secrets can't be imported.
        """
        self._metric_limits = metric_limits or MetricLimits()
        self._http = HttpActivity(http or HttpSettings())
        # temporalio says `Callable` without the types of parameters and result.
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "stepfile",
            data_converter=adapt_converter,
            workflows=_add_workflow,
            activities=self._add_activities,
            interceptors=[StepfileInterceptor(secrets)],
            run_context=self._http.hold_connections,
        )

    def configure_client(self, config: ClientConfig) -> ClientConfig:
        """Adapt the data converter of a client."""
        config = super().configure_client(config)
        config["header_codec_behavior"] = adapt_header_codec(
            config["data_converter"], config.get("header_codec_behavior")
        )
        return config

    def configure_replayer(self, config: ReplayerConfig) -> ReplayerConfig:
        """Add what replays definitions, and adapt the data converter."""
        config = super().configure_replayer(config)
        assert "data_converter" in config, "this plugin has set it"
        config["header_codec_behavior"] = adapt_header_codec(
            config["data_converter"], config.get("header_codec_behavior")
        )
        return config

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        """Add what runs definitions to a worker.

        Raises:
            ValueError: the worker has a dynamic workflow of its own, and Temporal allows only one.
            ActivitiesProblem: the project has a package with the name of one of Stepfile's.
        """
        refuse_hidden_packages()
        if "workflows" in config and StepfileWorkflow in (config["workflows"] or ()):
            return config  # the client of the worker has the plugin, too; temporalio has warned of that
        config = super().configure_worker(config)
        assert "client" in config, "temporalio names the client of every worker"
        assert "interceptors" in config, "there is one of ours"
        observing = observe_worker(config["client"], self._metric_limits)
        listener = observe_breakers(config["client"], self._metric_limits)
        # The first one is the outermost: it sees how an attempt has ended for the server.
        config["interceptors"] = [observing, *config["interceptors"]]
        assert "unsandboxed_workflow_runner" in config, "temporalio names the runners of every worker"
        config["client"] = adapt_client(config["client"])
        guard_attempts(config, BreakerGuard(config["client"], create_entity_worker, listener))
        if "activity_executor" not in config or config["activity_executor"] is None:
            config["activity_executor"] = ThreadPoolExecutor(THREADS, thread_name_prefix="activity")
        if type(config["unsandboxed_workflow_runner"]) is UnsandboxedWorkflowRunner:  # not one of the user's
            config["unsandboxed_workflow_runner"] = LeanRunner()
        return config

    async def run_worker(self, worker: Worker, next: Callable[[Worker], Awaitable[None]]) -> None:
        """Let a worker run, and what belongs to it."""
        async with find_guard(worker).running():
            await super().run_worker(worker, next)

    def _add_activities(self, own: Sequence[Callable[..., Any]] | None) -> list[Callable[..., Any]]:
        activities = list(own or ())
        names = {get_activity_name(function) for function in activities}
        added = {HTTP_ACTIVITY: self._http.send_request, None: refuse_unknown_activity}
        return [*activities, *(function for name, function in added.items() if name not in names)]


def create_worker(
    client: Client,
    activities: Sequence[Activity],
    *,
    workflows: Sequence[type] = (),
    task_queue: str = DEFAULT_TASK_QUEUE,
    graceful_shutdown: timedelta = DEFAULT_GRACE,
    http: HttpSettings | None = None,
    secrets: SecretSettings | None = None,
    metric_limits: MetricLimits | None = None,
    max_cached_workflows: int = 1000,
    build_id: str | None = None,
) -> Worker:
    """Make a worker; run it with `async with` or `await worker.run()`.

    For a worker with options that are not here, give temporalio's own `Worker` a `StepfilePlugin`.

    Args:
        client: A connection, as from `connect`.
        activities: Functions decorated with `@activity.defn`, plain or async.
        workflows: Workflows of your own, which `child_workflow: {type: ...}` can run.
        task_queue: Where it takes work from.
        graceful_shutdown: How long running activities may go on after the worker was asked to stop.
        http: What its `http` steps may ask; without it, every public host.
        secrets: Where the values of `${ secrets.NAME }` are; without it, in its environment.
        metric_limits: How many definitions and steps metrics name, if the `Runtime` of the client has metrics.
        max_cached_workflows: How many runs it keeps in memory; the others it replays when they go on.
        build_id: What histories call the code of this worker; without it, a hash of all modules, which takes time.

    Raises:
        ValueError: one of the workflows is dynamic, and Temporal allows only one, which is Stepfile's; or the client
            has the plugin already, so that `http`, `secrets` or `metric_limits` would be ignored.
        SecretSettingsProblem: the provider of secrets can't be imported.
        ActivitiesProblem: the project has a package with the name of one of Stepfile's.
    """
    plugins = _choose_plugins(client, http=http, secrets=secrets, metric_limits=metric_limits)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=list(workflows),
        activities=list(activities),
        plugins=plugins,
        graceful_shutdown_timeout=graceful_shutdown,
        max_cached_workflows=max_cached_workflows,
        build_id=build_id,
    )


def _choose_plugins(
    client: Client,
    *,
    http: HttpSettings | None,
    secrets: SecretSettings | None,
    metric_limits: MetricLimits | None,
) -> list[StepfilePlugin]:
    """The plugins of a worker, beside those of its client."""
    if not any(isinstance(each, StepfilePlugin) for each in client.config()["plugins"]):
        return [StepfilePlugin(http=http, secrets=secrets, metric_limits=metric_limits)]
    for name, settings in (("http", http), ("secrets", secrets), ("metric_limits", metric_limits)):
        if settings is not None:
            raise ValueError(
                f"the client has a StepfilePlugin already: give the `{name}` settings to that one"
            )
    return []


def _add_workflow(own: Sequence[type] | None) -> list[type]:
    for each in own or ():
        definition = getattr(each, "__temporal_workflow_definition", None)
        if definition is not None and definition.name is None:
            raise ValueError(
                f"{each.__name__} is a dynamic workflow, and a worker can have only one: Stepfile runs definitions "
                "by a dynamic workflow of its own. Give yours a name, or a worker and task queue of its own."
            )
    return [StepfileWorkflow, LetterEntity, LetterRelay, *(own or ())]
