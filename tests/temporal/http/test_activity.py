"""The activity of `http` steps sends requests to real servers on this machine."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from interpreter.temporal.worker.http.activity import HttpActivity
from tests.support.waiting import until
from tests.temporal.http.activity_calls import JSON, LOCAL, fail, send, send_many
from tests.temporal.http.http_server import make_response, run_http_server

ROOT = Path(__file__).parents[3]


async def test_json_is_data_with_status_and_headers() -> None:
    async with run_http_server(JSON) as server:
        found = await send(url=server.url("/a"), query={"q": "ä b", "n": [1, 2]}, headers={"X-Key": "k1"})
    assert found["status"] == 200
    assert found["headers"]["x-id"] == "7"
    assert found["body"] == {"a": [1, 2.5, None]}
    assert server.requests[0].startswith("GET /a?q=%C3%A4+b&n=1&n=2 HTTP/1.1\r\n")
    assert "x-key: k1" in server.requests[0].lower()


@pytest.mark.parametrize(
    ("sent", "received"),
    [({"json": {"a": None}}, '{"a":null}'), ({"json": None}, "null"), ({"body": "grüße"}, "grüße")],
    ids=str,
)
async def test_a_body_is_sent(sent: dict[str, Any], received: str) -> None:
    async with run_http_server(make_response("201 Created")) as server:
        found = await send(method="POST", url=server.url(), **sent)
    assert (found["status"], found["body"]) == (201, None)
    assert server.requests[0].endswith(f"\r\n\r\n{received}")


async def test_text_stays_text() -> None:
    async with run_http_server(
        make_response(body="grün".encode("latin-1"), Content_Type="text/plain; charset=latin-1")
    ) as server:
        assert (await send(url=server.url()))["body"] == "grün"


async def test_an_expected_status_is_no_error() -> None:
    async with run_http_server(make_response("404 Not Found", b"nope")) as server:
        assert (await send(url=server.url(), expect=["2xx", 404]))["status"] == 404
        refused = await fail(url=server.url(), expect=[200])
    assert (refused.type, refused.non_retryable) == ("Http.404", True)
    assert refused.message.endswith("/ answered 404 Not Found: nope")
    assert refused.details == ({"status": 404, "body": "nope"},)


async def test_the_message_has_the_first_words_of_the_answer_in_one_line() -> None:
    body = b'{\r\n  "error": "no \xff credit"\n}' + b" x" * 200
    async with run_http_server(make_response("402 Payment Required", body)) as server:
        failed = await fail(url=server.url())
    words = failed.message.partition(" answered 402 Payment Required: ")[2]
    assert words.startswith('{ "error": "no \N{REPLACEMENT CHARACTER} credit" } x x')
    assert words.endswith("…")
    assert len(words) < 210


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504])
async def test_a_status_that_may_change_is_retryable(status: int) -> None:
    async with run_http_server(make_response(f"{status} No")) as server:
        failed = await fail(url=server.url("/x?token=secret"))
    assert (failed.type, failed.non_retryable) == (f"Http.{status}", False)
    assert failed.message == f"GET http://127.0.0.1:{server.port}/x answered {status} No"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 410, 422, 451, 304, 300])
async def test_any_other_status_is_final(status: int) -> None:
    async with run_http_server(make_response(f"{status} No")) as server:
        assert (await fail(url=server.url())).non_retryable


async def test_retry_after_is_the_delay_of_the_next_attempt() -> None:
    async with run_http_server(
        make_response("429 Slow", Retry_After="7"), make_response("503 Later", Retry_After="999999")
    ) as server:
        first, second = await fail(url=server.url()), await fail(url=server.url())
    assert first.next_retry_delay == timedelta(seconds=7)
    assert second.next_retry_delay == timedelta(hours=1)


async def test_retry_after_zero_leaves_the_delay_to_the_policy() -> None:
    """No loop runs at full speed; temporalio ignores a delay of zero anyway."""
    async with run_http_server(
        make_response("503 No", Retry_After="0"),
        make_response("503 No", Retry_After="9" * 5000),
        make_response("404 No"),
    ) as server:
        assert (await fail(url=server.url())).next_retry_delay is None
        assert (await fail(url=server.url())).next_retry_delay == timedelta(hours=1)
        assert (await fail(url=server.url())).next_retry_delay is None


async def test_no_connection_and_a_lost_connection_are_different_errors() -> None:
    async def hang_up(_: str, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with run_http_server(hang_up) as server:
        lost = await fail(method="POST", url=server.url(), body="x")
        port = server.port
    nobody = await fail(url=f"http://127.0.0.1:{port}/")
    assert (lost.type, lost.non_retryable) == ("Http.Network", False)
    assert (nobody.type, nobody.non_retryable) == ("Http.Connect", False)
    unknown = await fail(url="http://no-such-host.invalid/")
    assert unknown.type == "Http.Connect"


async def test_a_status_counts_even_if_its_body_is_lost() -> None:
    async def break_off(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 No\r\nContent-Length: 100\r\n\r\nhalf")
        writer.close()

    async with run_http_server(break_off) as server:
        assert (await fail(url=server.url())).type == "Http.404"
        assert (await fail(url=server.url(), expect=[404])).type == "Http.Network"


async def test_an_error_has_only_an_excerpt_of_the_response() -> None:
    async with run_http_server(make_response("503 " + "x" * 50_000, b"y" * 9_000)) as server:
        failed = await fail(url=server.url())
    assert len(failed.message) < 400
    assert len(failed.details[0]["body"]) < 2_100


async def test_cookies_of_one_run_are_not_sent_by_the_next() -> None:
    http = HttpActivity(LOCAL)
    async with (
        run_http_server(make_response(Set_Cookie="sid=secret; Path=/")) as server,
        http.hold_connections(),
    ):
        await send_many(http, 2, url=server.url())
    assert "cookie" not in server.requests[1].lower()


async def test_urls_are_not_logged_with_their_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with run_http_server(make_response()) as server:
        await send(url=server.url("/?token=topsecret"), headers={"Authorization": "topsecret"})
    assert "topsecret" not in caplog.text


async def test_a_cancellation_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def go_on(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.transport.is_closing():
            writer.write(b"1\r\nx\r\n")
            await asyncio.sleep(0.02)
        closed.set()

    async with run_http_server(go_on) as server:
        work = asyncio.ensure_future(send(url=server.url()))
        await until(lambda: bool(server.requests), "it was asked")
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        async with asyncio.timeout(5):
            await closed.wait()


async def test_heartbeats_are_sent_while_the_activity_waits() -> None:
    beats = 0

    def count(*_: Any) -> None:
        nonlocal beats
        beats += 1

    environment = ActivityEnvironment()
    environment.on_heartbeat = count
    environment.info = type(environment.info)(
        **{**vars(environment.info), "heartbeat_timeout": timedelta(milliseconds=150)}
    )

    async def slow(_: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.4)
        writer.write(JSON)

    http = HttpActivity(LOCAL)
    async with run_http_server(slow) as server, http.hold_connections():
        found = await environment.run(http.send_request, {"url": server.url()})
    assert json.dumps(found["body"]) == '{"a": [1, 2.5, null]}'
    assert beats >= 5


def test_the_command_line_does_not_import_httpx(tmp_path: Path) -> None:
    definition = tmp_path / "a.yaml"
    definition.write_text('dsl: "1"\nname: a\nsteps: [{wait: 1s}]\n')
    program = "from interpreter.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program, "validate", str(definition)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{definition}: fine\n"), done.stderr[-2000:]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "interpreter.cli.main" in imported
    assert not imported & {"httpx", "httpcore", "anyio", "interpreter.temporal.worker.http.network"}
