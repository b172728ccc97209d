"""Secrets are filled in at every place where they may stand, and no value is in a history, a log or a status."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RawValue
from temporalio.converter import PayloadCodec
from temporalio.exceptions import ApplicationError

import interpreter.temporal.client.start as start_module
import interpreter.temporal.secrets.redaction as redaction
from dsl.redaction.redactor import Redactor
from interpreter.temporal.wire.request import StartRequest
from stepfile import (
    HttpSettings,
    SecretSettings,
    create_worker,
    prepare,
    query_status,
    read_text,
    start,
)
from tests.support.leaks import find_leaks
from tests.support.server_dump import dump_run
from tests.temporal.http.http_server import HttpServer, make_redirect, make_response, run_http_server

TOKEN = 'tok/en+"ö\\ &7'
PASSWORD = "pass-word-0123"
SECRETS = {"TOKEN": TOKEN, "PASSWORD": PASSWORD, "HEADER": "header-0123456"}
SETTINGS = SecretSettings(provider=SECRETS.get)

seen: list[Any] = []


@dataclass
class Login:
    user: str
    password: str


@activity.defn
async def take(*values: Any) -> str:
    seen.extend(values)
    return "done"


@activity.defn
def take_typed(login: Login, number: int) -> str:
    seen.append(login)
    return login.user * number


@activity.defn
async def read_page(token: str, cursor: int | None) -> dict[str, Any]:
    seen.append(token)
    return {"items": [1], "next": None if cursor else 1}


@activity.defn(dynamic=True)
async def take_any(args: Sequence[RawValue]) -> str:
    seen.extend(activity.payload_converter().from_payload(each.payload) for each in args)
    return activity.info().activity_type


@activity.defn
async def fail(token: str, password: str) -> None:
    activity.heartbeat({"token": token, "encoded": json.dumps({"inner": password})})
    activity.logger.info("the token is %s", token)
    logging.getLogger("of.the.user").error("the password is %r", password)
    try:
        try:
            raise KeyError(f"inner {token}")
        except KeyError as inner:
            raise ValueError(f"outer {password}") from inner
    except ValueError as cause:
        raise ApplicationError(f"denied: {token}", {"sent": [token]}, password, type="Denied") from cause


@activity.defn
async def undo(token: str, result: Any) -> None:
    seen.append((token, result))


ACTIVITIES: list[Callable[..., Any]] = [take, take_typed, read_page, take_any, fail, undo]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    seen.clear()


async def run(
    client: Client,
    task_queue: str,
    text: str,
    data: Any = None,
    *,
    settings: SecretSettings = SETTINGS,
) -> tuple[Any, str]:
    """Run a definition to its end.

    Returns:
        Its result or error, and all that can be seen of it afterwards.
    """
    http = HttpSettings(allow_private=("127.0.0.1",))
    worker = create_worker(client, ACTIVITIES, task_queue=task_queue, http=http, secrets=settings)
    async with worker:
        submission = prepare(read_text(text), data)
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        ending: Any
        try:
            ending = await handle.result()
        except WorkflowFailureError as failed:
            ending = failed.cause
        status = json.dumps(await query_status(handle), ensure_ascii=False)
    return ending, f"{await dump_run(client, task_queue)}\n{status}\n{ending!r}"


def leaks(*dumps: str) -> list[str]:
    return [leak for value in SECRETS.values() for leak in find_leaks(value, *dumps)]


EVERYWHERE = """
dsl: "1"
name: everywhere
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 1}}
steps:
  - activity: take
    args: ["${ secrets.TOKEN }", {deep: ["Bearer ${ secrets.TOKEN }", "${ secrets.PASSWORD }/${ input.evil }"]}]
  - {activity: take, args: "${ secrets.TOKEN }"}
  - {activity: take_typed, args: [{user: me, password: "${ secrets.PASSWORD }"}, 2]}
  - {activity: take, args: {password: "${ secrets.PASSWORD }"}, local: true}
  - {activity: anything, args: [plain, "${ secrets.PASSWORD }"]}
  - for_each: {pages: {activity: read_page, args: ["${ secrets.TOKEN }"]}}
    steps: [{activity: take, args: ["${ item }", "${ secrets.PASSWORD }"]}]
  - {activity: take, args: ["${ input.evil }", "${ secrets.PASSWORD }"]}
output: done
"""


async def test_values_are_filled_in_everywhere_and_seen_nowhere(
    client: Client, task_queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    evil = "${ secrets.TOKEN }"
    with caplog.at_level(logging.DEBUG):
        ending, left = await run(client, task_queue, EVERYWHERE, {"evil": evil})
    assert ending == "done"
    assert seen == [
        *(TOKEN, {"deep": [f"Bearer {TOKEN}", f"{PASSWORD}/{evil}"]}, TOKEN),
        *(Login("me", PASSWORD), {"password": PASSWORD}, "plain", PASSWORD),
        *(TOKEN, 1, PASSWORD, TOKEN, 1, PASSWORD),
        *(evil, PASSWORD),
    ]
    assert leaks(left, caplog.text) == []
    assert "${ secrets.TOKEN }" in left


FAILS = """
dsl: "1"
name: fails
dead_letter_queues: {lost: {activity: take, timeouts: {start_to_close: 5s}}}
saga: {dead_letter: lost}
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 2, initial_interval: 100ms}}
steps:
  - id: first
    activity: take
    compensate:
      activity: fail
      args: ["${ secrets.TOKEN }", "${ secrets.PASSWORD }"]
      retry: {maximum_attempts: 1}
  - {id: second, activity: take, compensate: {activity: undo, args: ["${ secrets.TOKEN }", "${ result }"]}}
  - id: third
    activity: fail
    args: ["${ secrets.TOKEN }", "${ secrets.PASSWORD }"]
    dead_letter: lost
"""


async def test_a_failure_shows_no_value(
    client: Client, task_queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        error, left = await run(client, task_queue, FAILS)
    assert (error.type, error.message) == ("Denied", "denied: [secret TOKEN]")
    assert (TOKEN, "done") in seen
    assert leaks(left, caplog.text, repr(error.details)) == []
    for shown in ("inner [secret TOKEN]", "outer [secret PASSWORD]"):
        assert shown in left
        assert shown in caplog.text
    assert "the token is [secret TOKEN]" in caplog.text
    assert "the password is '[secret PASSWORD]'" in caplog.text
    letters = [each for each in seen if isinstance(each, dict) and "idempotency_key" in each]
    assert [letter["step"] for letter in letters] == ["third", "first.compensate"]
    assert all(letter["input"] == ["${ secrets.TOKEN }", "${ secrets.PASSWORD }"] for letter in letters)
    assert leaks(json.dumps(letters)) == []


async def test_without_redaction_the_values_are_found(
    client: Client, task_queue: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The red twin of the test above: what looks for values can see them."""
    monkeypatch.setattr(redaction, "Redactor", lambda _: Redactor())
    with caplog.at_level(logging.INFO):
        _, left = await run(client, task_queue, FAILS)
    found = {leak.partition(":")[0] for leak in leaks(left)}
    assert {"plain", "JSON", "JSON in JSON", "base64, 0 before"} <= found
    assert leaks(caplog.text) != []


HTTP = """
dsl: "1"
name: asks
input: {type: object, required: [url, closed], properties: {url: {type: string}, closed: {type: string}}}
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 1}}
steps:
  - id: ask
    http:
      method: POST
      url: ${ input.url }/${ secrets.PASSWORD }/orders
      headers: {X-Key: "${ secrets.HEADER }"}
      query: {token: "${ secrets.TOKEN }"}
      json: {deep: ["${ secrets.TOKEN }"], plain: "${ input.url }"}
  - {activity: take, args: ["${ steps.ask.result }"]}
  - http: {method: POST, url: "${ input.url }/text", body: "key=${ secrets.TOKEN }"}
    catch: [{errors: [Http.500], as: refused, steps: [{activity: take, args: ["${ refused }"]}]}]
  - http: {method: POST, url: "${ input.closed }/${ secrets.PASSWORD }", query: {token: "${ secrets.TOKEN }"}}
    catch: [{errors: [Http.Connect], as: refused, steps: [{activity: take, args: ["${ refused }"]}]}]
  - http: {url: "${ input.url }/again", headers: {X-Key: "${ secrets.HEADER }"}}
    catch: [{errors: [Http], as: refused, steps: [{activity: take, args: ["${ refused }"]}]}]
output: ${ steps.ask.result }
"""


async def test_a_service_that_echoes_everything_tells_no_value(
    client: Client, task_queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def echo(head: str, writer: Any) -> None:
        asked = servers[0].requests[-1]
        status = "500 Oops" if "/text" in head.split("\r\n")[0] else "200 OK"
        body = json.dumps({"asked": asked, asked[:60]: asked}) if status[0] == "2" else asked * 20
        writer.write(
            make_response(
                status,
                body.encode(),
                Content_Type="application/json",
                X_Echo=head.split()[1],
                X_Key=SECRETS["HEADER"],
            )
        )

    async def redirect(head: str, writer: Any) -> None:
        if "/again" in head.split()[1]:
            writer.write(make_redirect("302 Found", other.url(f"/{PASSWORD}")))
        else:
            await echo(head, writer)

    servers: list[HttpServer] = []
    async with run_http_server(redirect) as server, run_http_server(make_response("404 No")) as other:
        servers.append(server)
        with caplog.at_level(logging.DEBUG):
            data = {"url": server.url(""), "closed": "http://127.0.0.1:1"}
            ending, left = await run(client, task_queue, HTTP, data)
    first = server.requests[0]
    assert f"POST /{PASSWORD}/orders?token=tok%2Fen%2B%22%C3%B6%5C" in first
    assert f"x-key: {SECRETS['HEADER']}\r\n" in first.replace("X-Key", "x-key")
    assert json.loads(first.partition("\r\n\r\n")[2])["deep"] == [TOKEN]
    assert server.requests[1].endswith(f"key={TOKEN}")
    assert SECRETS["HEADER"] in server.requests[-1]
    assert len(other.requests) == 1
    assert SECRETS["HEADER"] not in other.requests[0]
    assert ending["headers"]["x-key"] == "[secret HEADER]"
    assert len(seen) == 4
    assert leaks(left, caplog.text, json.dumps(seen)) == []


CONTINUES = """
dsl: "1"
name: continues
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 1}}
steps:
  - {id: first, activity: take, compensate: {activity: undo, args: ["Bearer ${ secrets.TOKEN }", "${ step.key }"]}}
  - repeat: {maximum_iterations: 3}
    steps: [{activity: take, args: ["${ secrets.PASSWORD }"]}]
  - {raise: {type: Enough, message: undo everything}}
"""


async def test_a_compensation_of_a_run_before_this_one_has_its_secrets(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    async with create_worker(client, ACTIVITIES, task_queue=task_queue, secrets=SETTINGS):
        submission = prepare(read_text(CONTINUES), None)
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    runs = [each async for each in client.list_workflows(f'WorkflowId = "{task_queue}"')]
    assert len(runs) > 1
    assert seen[-1] == (f"Bearer {TOKEN}", f"{task_queue}/first")
    dump = await dump_run(client, task_queue)
    assert leaks(dump) == []
    assert '"Bearer ",{"secret":"TOKEN"}' in dump


class Mirror(PayloadCodec):
    """It writes payloads from the back to the front, so that nothing in them can be read."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload(metadata={"encoding": b"mirror"}, data=each.SerializeToString()[::-1])
            for each in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [Payload.FromString(each.data[::-1]) for each in payloads]


async def test_arguments_with_secrets_pass_a_codec(client: Client, task_queue: str) -> None:
    config = client.config(active_config=True)
    config["data_converter"] = replace(client.data_converter, payload_codec=Mirror())
    ending, left = await run(Client(**config), task_queue, EVERYWHERE, {"evil": "x"})
    assert ending == "done"
    assert TOKEN in seen
    assert "secrets.TOKEN" not in left
    error, left = await run(Client(**config), f"{task_queue}-failing", FAILS)
    assert error.message == "denied: [secret TOKEN]"
    assert leaks(left, *(each[::-1] for each in left.splitlines())) == []


MISSING = """
dsl: "1"
name: missing
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 3, initial_interval: 100ms}}
steps:
  - {activity: take, args: ["${ secrets.LATE }"]}
"""


async def test_a_secret_that_is_missing_is_looked_for_again(client: Client, task_queue: str) -> None:
    answers: list[str | Exception | None] = [None, RuntimeError("of value-0123"), "found-at-last"]

    async def look_up(name: str) -> str | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    settings = SecretSettings(provider=look_up)
    _, left = await run(client, task_queue, MISSING, settings=settings)
    assert seen == ["found-at-last"]
    assert find_leaks("value-0123", left) == []

    answers = [None, None, None]
    error, _ = await run(client, f"{task_queue}-never", MISSING, settings=settings)
    where = "the provider test_a_secret_that_is_missing_is_looked_for_again.<locals>.look_up"
    assert error.type == "SecretNotFound"
    assert error.message == f"there is no secret LATE: the worker looks for it in {where}"
    assert error.details[0]["error"]["attempts"] == 3


LOCAL = """
dsl: "1"
name: local
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 1}}
steps:
  - {activity: fail, args: ["${ secrets.TOKEN }", "${ secrets.PASSWORD }"], local: true}
"""


async def test_a_local_activity_shows_no_value(
    client: Client, task_queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        error, left = await run(client, task_queue, LOCAL)
    assert error.message == "denied: [secret TOKEN]"
    assert leaks(left, caplog.text) == []


HANGS = """
dsl: "1"
name: hangs
steps:
  - activity: hang
    args: ["${ secrets.TOKEN }"]
    timeouts: {start_to_close: 10s, heartbeat: 1s}
    retry: {maximum_attempts: 1}
"""


async def test_the_last_heartbeat_of_an_attempt_shows_no_value(client: Client, task_queue: str) -> None:
    @activity.defn
    async def hang(token: str) -> None:
        activity.heartbeat(f"I have {token}", [token])
        await asyncio.sleep(10)

    async with create_worker(
        client, [hang], task_queue=task_queue, secrets=SETTINGS, graceful_shutdown=timedelta(0)
    ):
        submission = prepare(read_text(HANGS), None)
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    details = cast("ApplicationError", failed.value.cause).details[0]["error"]["details"]
    assert details == ["I have [secret TOKEN]", ["[secret TOKEN]"]]
    assert leaks(await dump_run(client, task_queue)) == []


RETURNS = """
dsl: "1"
name: returns
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 3}}
steps:
  - {activity: give_back, args: ["${ secrets.TOKEN }"]}
"""


@pytest.mark.parametrize("refuse", [False, True])
async def test_a_result_with_a_value_is_refused_if_the_settings_say_so(
    client: Client, task_queue: str, refuse: bool
) -> None:
    @activity.defn
    async def give_back(token: str) -> Any:
        return {"derived": [f"from {token}"]}

    settings = SecretSettings(provider=SECRETS.get, refuse_in_results=refuse)
    async with create_worker(client, [give_back], task_queue=task_queue, secrets=settings):
        handle = await start(
            client, prepare(read_text(RETURNS), None), workflow_id=task_queue, task_queue=task_queue
        )
        with suppress(WorkflowFailureError):
            await handle.result()
    dump = await dump_run(client, task_queue)
    assert bool(leaks(dump)) != refuse
    assert ("[secret TOKEN] is in it, and refuse_in_results is set" in dump) == refuse


ALLOWED = """
dsl: "1"
name: allowed
input: {type: object, required: [url], properties: {url: {type: string}}}
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 3}}
steps:
  - {activity: take, args: ["${ secrets.TOKEN }"]}
  - {http: {url: "${ input.url }", headers: {X-Key: "${ secrets.HEADER }"}}}
"""


async def test_settings_say_who_may_get_a_secret(client: Client, task_queue: str) -> None:
    async with run_http_server(make_response()) as server:
        data = {"url": server.url("/")}
        allow = {"TOKEN": ("take",), "HEADER": ("127.0.0.1",)}
        ending, _ = await run(client, task_queue, ALLOWED, data, settings=replace(SETTINGS, allow=allow))
        assert (ending["status"], seen, len(server.requests)) == (200, [TOKEN], 1)
        allow["HEADER"] = ("api.example.com",)
        error, left = await run(
            client, f"{task_queue}-http", ALLOWED, data, settings=replace(SETTINGS, allow=allow)
        )
        assert (error.type, len(server.requests)) == ("SecretRefused", 1)
        assert "HEADER may not be given to the host 127.0.0.1" in error.message
        allow["TOKEN"] = ("other",)
        error, _ = await run(
            client, f"{task_queue}-activity", ALLOWED, data, settings=replace(SETTINGS, allow=allow)
        )
    assert (error.type, error.details[0]["error"]["attempts"]) == ("SecretRefused", 1)
    assert seen == [TOKEN, TOKEN]
    assert leaks(left) == []
