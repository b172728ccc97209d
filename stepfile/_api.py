"""Collect the names that `stepfile` offers; nothing else imports this module."""

from dsl.check import InvalidDefinition
from dsl.reading.reader import read_file, read_text
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.messages.declared import MessageRefused
from interpreter.state.inbox import Message
from interpreter.state.patches import Patch
from interpreter.temporal.client.breaker_problem import BreakerProblem
from interpreter.temporal.client.breakers import BreakerHandle, BreakerState, list_breakers
from interpreter.temporal.client.connection import connect
from interpreter.temporal.client.letters.handle import LetterHandle, list_letters
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.letters.store import LetterFilter
from interpreter.temporal.client.runs.query import InvalidQuery, RunQuery
from interpreter.temporal.client.runs.search import RunSearch, UndecidedRun, find_runs
from interpreter.temporal.client.runs.summary import RunSummary
from interpreter.temporal.client.schedule_options import ScheduleOptions
from interpreter.temporal.client.schedules import create_schedule
from interpreter.temporal.client.start import start, start_with_update
from interpreter.temporal.client.start_options import InvalidOptions, StartOptions
from interpreter.temporal.client.submission import InvalidInput, Submission, prepare, query_status
from interpreter.temporal.observing.formats import JsonFormatter, TextFormatter
from interpreter.temporal.observing.logs import configure_logging
from interpreter.temporal.observing.metrics import MetricLimits
from interpreter.temporal.observing.runtime import prometheus_config
from interpreter.temporal.plugin import StepfilePlugin, create_worker
from interpreter.temporal.repair.problem import RepairProblem
from interpreter.temporal.repair.resume import Resumption, plan_resume
from interpreter.temporal.repair.retry import Retry, plan_retry
from interpreter.temporal.secrets.providers import EnvironmentSecrets, FileSecrets, SecretProvider
from interpreter.temporal.secrets.settings import SecretSettings
from interpreter.temporal.worker.activities import build_catalogue, load_activities
from interpreter.temporal.worker.http.settings import HttpSettings
from interpreter.temporal.worker.limits import WorkerLimits

__all__ = [
    "BreakerHandle",
    "BreakerProblem",
    "BreakerState",
    "EnvironmentSecrets",
    "FileSecrets",
    "HttpSettings",
    "InvalidDefinition",
    "InvalidInput",
    "InvalidOptions",
    "InvalidQuery",
    "JsonFormatter",
    "LetterFilter",
    "LetterHandle",
    "LetterProblem",
    "LetterStatus",
    "LetterSummary",
    "Message",
    "MessageRefused",
    "MetricLimits",
    "Patch",
    "RepairProblem",
    "Resumption",
    "Retry",
    "RunQuery",
    "RunSearch",
    "RunSummary",
    "ScheduleOptions",
    "SecretProvider",
    "SecretSettings",
    "StartOptions",
    "StepfilePlugin",
    "Submission",
    "TextFormatter",
    "UndecidedRun",
    "WorkerLimits",
    "build_catalogue",
    "configure_logging",
    "connect",
    "create_schedule",
    "create_worker",
    "find_runs",
    "list_breakers",
    "list_letters",
    "load_activities",
    "plan_resume",
    "plan_retry",
    "prepare",
    "prometheus_config",
    "query_status",
    "read_file",
    "read_text",
    "start",
    "start_with_update",
]
