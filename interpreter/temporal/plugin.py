"""The one way to embed Stepfile: a plugin for a worker, a client and a replayer of the user's own.

`create_worker` makes a worker that has it, for those who need no other options of temporalio's.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from temporalio.client import Client, ClientConfig
from temporalio.plugin import SimplePlugin
from temporalio.worker import ReplayerConfig, UnsandboxedWorkflowRunner, WorkerConfig
from temporalio.worker import Worker as Worker  # exported: the command line names it, too

from dsl.model.dead_letters import DATABASE_ACTIVITY, DATABASE_TELL_ACTIVITY
from interpreter.program.model import HTTP_ACTIVITY
from interpreter.temporal.entities.letter import LetterEntity, VersionedLetterEntity
from interpreter.temporal.entities.serving import serve_entities
from interpreter.temporal.observing.interceptor import observe_worker
from interpreter.temporal.observing.metrics import MetricLimits
from interpreter.temporal.observing.shared_breakers import observe_breakers
from interpreter.temporal.secrets.settings import SecretSettings
from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE
from interpreter.temporal.wire.undone_sums import FIND_UNDONE
from interpreter.temporal.worker.activities import (
    Activity,
    get_activity_name,
    refuse_hidden_packages,
    refuse_unknown_activity,
)
from interpreter.temporal.worker.breakers.guard import BreakerGuard
from interpreter.temporal.worker.data_converter import adapt_client, adapt_converter, adapt_header_codec
from interpreter.temporal.worker.deployment import VersionedRuns, choose_deployment, is_versioned_worker
from interpreter.temporal.worker.find_undone import find_undone
from interpreter.temporal.worker.http.activity import HttpActivity
from interpreter.temporal.worker.http.settings import HttpSettings
from interpreter.temporal.worker.interceptor import StepfileInterceptor, find_guard, guard_attempts
from interpreter.temporal.worker.lean_start import LeanRunner
from interpreter.temporal.worker.letters import LetterActivities
from interpreter.temporal.worker.limits import WorkerLimits
from interpreter.temporal.workflow.letter_delivery import LetterRelay, VersionedLetterRelay
from interpreter.temporal.workflow.workflow import StepfileWorkflow

if TYPE_CHECKING:
    from interpreter.temporal.letters_database.database import LettersDatabase

THREADS = WorkerLimits().max_concurrent_activities
"""For activities that are plain functions; as many as temporalio runs at once by default."""

DEFAULT_GRACE = timedelta(seconds=30)

VERSIONED: Mapping[type, type] = {LetterEntity: VersionedLetterEntity, LetterRelay: VersionedLetterRelay}
"""What a worker with a version runs instead: it says what becomes of a run when the version changes. Said by a worker
without one, that would block every run."""


class StepfilePlugin(SimplePlugin):
    """Lets a worker of temporalio run definitions, beside whatever else it runs.

        worker = Worker(client, task_queue="shop", activities=[...], plugins=[StepfilePlugin()])

    It adds the workflow that runs definitions, the activities behind `http` steps and resets, an answer to calls of
    activities that the worker does not have, the interceptor that makes attempts, and threads for plain functions if
    the worker has none. It also puts a payload codec around yours, which changes nothing and has large definitions
    compiled in time, a payload converter, which lets arguments with secrets through, and a failure converter, which
    trims the failures of the activities that definitions call. Temporal's runner for workflows outside of the sandbox
    gives way to one that keeps less of a run in memory; one of yours does not.

    Given to `Client.connect(plugins=[...])` instead, it holds for all workers of that client. A replayer takes it,
    too. The data converter is that of the client, as everywhere in temporalio. If it has a codec, that encodes
    headers.
    """

    def __init__(
        self,
        *,
        http: HttpSettings | None = None,
        secrets: SecretSettings | None = None,
        letters_database: LettersDatabase | None = None,
        metric_limits: MetricLimits | None = None,
    ) -> None:
        """
        Args:
            http: What `http` steps may ask; without it, every public host.
            secrets: Where the values of `${ secrets.NAME }` are; without it, in the environment of the worker.
            letters_database: Where `stepfile.write_letter_to_database` keeps dead letters.
            metric_limits: How many definitions and steps metrics name, if the `Runtime` of the client has metrics.

        Raises:
            SecretSettingsProblem: the provider of secrets can't be imported.
        """
        self._metric_limits = metric_limits or MetricLimits()
        self._http = HttpActivity(http or HttpSettings())
        self._letters = LetterActivities(letters_database)
        # temporalio says `Callable` without the types of parameters and result.
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "stepfile",
            data_converter=adapt_converter,
            workflows=_add_workflow,
            activities=self._add_activities,
            interceptors=[StepfileInterceptor(secrets)],
            run_context=self._hold_connections,
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
        if is_versioned_worker(config):
            config["interceptors"] = [*config["interceptors"], VersionedRuns()]
            assert "workflows" in config, "there are some of ours"
            config["workflows"] = [VERSIONED.get(each, each) for each in config["workflows"]]
        assert "unsandboxed_workflow_runner" in config, "temporalio names the runners of every worker"
        config["client"] = adapt_client(config["client"])
        guard_attempts(config, BreakerGuard(config["client"], serve_entities, listener))
        if "activity_executor" not in config or config["activity_executor"] is None:
            options: Any = config  # its type says `Callable` without the types of parameters
            threads: int = options.get("max_concurrent_activities") or THREADS
            config["activity_executor"] = ThreadPoolExecutor(threads, thread_name_prefix="activity")
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
        added: dict[str | None, Callable[..., Any]] = {
            HTTP_ACTIVITY: self._http.send_request,
            DATABASE_ACTIVITY: self._letters.write_letter,
            DATABASE_TELL_ACTIVITY: self._letters.tell_letters,
            FIND_UNDONE: find_undone,
            None: refuse_unknown_activity,
        }
        return [*activities, *(function for name, function in added.items() if name not in names)]

    @asynccontextmanager
    async def _hold_connections(self) -> AsyncGenerator[None]:
        async with self._http.hold_connections(), self._letters.hold_connections():
            yield


def create_worker(
    client: Client,
    activities: Sequence[Activity],
    *,
    workflows: Sequence[type] = (),
    task_queue: str = DEFAULT_TASK_QUEUE,
    graceful_shutdown: timedelta = DEFAULT_GRACE,
    http: HttpSettings | None = None,
    secrets: SecretSettings | None = None,
    letters_database: LettersDatabase | None = None,
    metric_limits: MetricLimits | None = None,
    limits: WorkerLimits | None = None,
    max_cached_workflows: int = 1000,
    deployment_name: str | None = None,
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
        letters_database: Where `stepfile.write_letter_to_database` keeps dead letters.
        metric_limits: How many definitions and steps metrics name, if the `Runtime` of the client has metrics.
        limits: How much it does at once, and how fast; without it, as temporalio does.
        max_cached_workflows: How many runs it keeps in memory; the others it replays when they go on.
        deployment_name: The deployment that it is a version of (Temporal's Worker Deployments); None: none.
        build_id: Which version it is; without a deployment a label in histories, which else is a hash of all modules.

    Raises:
        ValueError: Temporal takes no such deployment or build id; a workflow is dynamic, as only Stepfile's may be;
            or the client has the plugin already, so that what is for the plugin would be ignored.
        SecretSettingsProblem: the provider of secrets can't be imported.
        ActivitiesProblem: the project has a package with the name of one of Stepfile's.
    """
    deployment = choose_deployment(deployment_name, build_id)
    options = {
        "http": http,
        "secrets": secrets,
        "letters_database": letters_database,
        "metric_limits": metric_limits,
    }
    return Worker(
        client,
        task_queue=task_queue,
        workflows=list(workflows),
        activities=list(activities),
        plugins=_choose_plugins(client, options),
        graceful_shutdown_timeout=graceful_shutdown,
        **asdict(limits or WorkerLimits()),
        max_cached_workflows=max_cached_workflows,
        build_id=build_id if deployment is None else None,
        deployment_config=deployment,
    )


def _choose_plugins(client: Client, options: Mapping[str, Any]) -> list[StepfilePlugin]:
    """The plugins of a worker, beside those of its client."""
    if not any(isinstance(each, StepfilePlugin) for each in client.config()["plugins"]):
        return [StepfilePlugin(**options)]
    for name, settings in options.items():
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
