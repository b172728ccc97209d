"""The dev server runs, says why it does not, and never stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import urllib.request
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.service import RPCError

from interpreter.temporal.dev_server import launch
from interpreter.temporal.dev_server.launch import ServerProblem, find_dev_server
from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from tests.support.processes import alive
from tests.support.waiting import until

HOLDER = """
import asyncio
from interpreter.cli.process.exit import exit_process
from interpreter.temporal.dev_server.server import run_dev_server

async def main():
    async with run_dev_server() as server:
        print(server.pid, flush=True)
        try:
            await asyncio.Event().wait()
        finally:  # Ctrl-C: a worker would drain now
            client = await server.connect()
            print(await client.service_client.check_health(), flush=True)

try:
    asyncio.run(main())
except KeyboardInterrupt:
    exit_process(130)
"""
"""A program like ours that runs a dev server until it is interrupted."""


async def _holder() -> tuple[Process, int]:
    """The program and the process id of its server, in a process group as a terminal would give it."""
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, stdout=PIPE, stderr=PIPE, process_group=0
    )
    assert holder.stdout is not None
    return holder, int(await holder.stdout.readline())


async def _end(holder: Process) -> None:
    if holder.returncode is None:
        holder.kill()
    await holder.communicate()


def _fake_server(directory: Path, script: str) -> None:
    """Put a `temporal` that runs the shell `script` into `directory`."""
    program = directory / "temporal"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


class TestRuns:
    async def test_it_takes_work_as_soon_as_the_block_begins(self) -> None:
        async with run_dev_server() as server:
            client = await server.connect()
            handle = await client.start_workflow("any", id="any", task_queue="any")
            assert (await handle.describe()).id == "any"

    async def test_it_serves_the_ui_when_asked(self, server: DevServer) -> None:
        async with run_dev_server(ui=True) as with_ui:
            assert with_ui.ui_url is not None
            page = await asyncio.to_thread(urllib.request.urlopen, with_ui.ui_url, timeout=10)
            with page:
                assert page.status == 200
        assert server.ui_url is None

    async def test_it_makes_the_namespace(self) -> None:
        async with run_dev_server(namespace="trips") as server:
            client = await server.connect()
            await client.start_workflow("any", id="any", task_queue="any")
            assert client.namespace == "trips"

    async def test_a_database_file_outlives_it(self, tmp_path: Path) -> None:
        db = tmp_path / "temporal.db"
        async with run_dev_server(db=db) as server:
            await (await server.connect()).start_workflow("any", id="kept", task_queue="any")
        async with run_dev_server(db=db) as server:
            kept = await (await server.connect()).get_workflow_handle("kept").describe()
            assert kept.workflow_type == "any"

    async def test_a_port_lost_to_somebody_else_is_replaced(
        self, server: DevServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        taken = int(server.address.rpartition(":")[2])
        free = launch.find_free_port
        ports = iter([taken, taken])
        monkeypatch.setattr(launch, "find_free_port", lambda: next(ports, None) or free())
        async with run_dev_server() as other:
            assert other.address != server.address
            client = await other.connect()
            await client.workflow_service.get_system_info(GetSystemInfoRequest())

    async def test_it_says_when_it_has_ended_by_itself(self) -> None:
        async with run_dev_server() as server:
            os.kill(server.pid, signal.SIGKILL)
            problem = await asyncio.wait_for(server.wait_for_end(), 10)
        assert str(problem) == f"Temporal's dev server at {server.address} has ended with status -9"


class TestDoesNotStart:
    async def test_without_an_installed_server(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
        assert find_dev_server() is None
        with pytest.raises(ServerProblem, match="is not installed\nhint: run `pip install 'stepfile"):
            async with run_dev_server():
                pass

    async def test_with_the_reason_in_its_own_words(self, tmp_path: Path) -> None:
        with pytest.raises(ServerProblem, match=r"did not start: .*stat .*/nowhere: no such file"):
            async with run_dev_server(db=tmp_path / "nowhere" / "temporal.db"):
                pass

    async def test_on_the_users_port_if_that_is_taken(self, server: DevServer) -> None:
        port = int(server.address.rpartition(":")[2])
        with pytest.raises(ServerProblem, match=f"did not start: .*:{port}: bind: address already in use"):
            async with run_dev_server(port=port):
                pass

    async def test_on_the_users_port_after_one_attempt(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = "listen tcp 127.0.0.1:7233: bind: address already in use"
        _fake_server(tmp_path, f"echo start >> {tmp_path}/starts; echo {words} >&2; exit 1")
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        with pytest.raises(ServerProblem, match=words):
            async with run_dev_server(port=7233):
                pass
        assert (tmp_path / "starts").read_text() == "start\n"

    async def test_with_a_program_that_is_not_executable(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "temporal").write_bytes(b"\x7fELF but for another machine")
        (tmp_path / "temporal").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        with pytest.raises(ServerProblem, match=r"did not start: .*/temporal: Exec format error"):
            async with run_dev_server():
                pass

    async def test_when_it_never_answers_and_is_stopped(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _fake_server(tmp_path, f"echo $$ > {tmp_path}/pid; echo looking >&2; echo hello; exec sleep 600")
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        with pytest.raises(ServerProblem, match=r"did not answer within 1 s: looking"):
            async with run_dev_server(startup_timeout=1):
                pass
        assert not alive(int((tmp_path / "pid").read_text()))


class TestStaysNotBehind:
    @pytest.mark.parametrize("durable", [False, True])
    async def test_after_the_block(self, durable: bool, tmp_path: Path) -> None:
        async with run_dev_server(db=tmp_path / "temporal.db" if durable else None) as server:
            assert alive(server.pid)
        assert not alive(server.pid)
        with pytest.raises((RuntimeError, RPCError)):
            await server.connect()

    async def test_after_an_error_in_the_block(self) -> None:
        with pytest.raises(LookupError):
            async with run_dev_server() as server:
                raise LookupError
        assert not alive(server.pid)

    async def test_after_being_cancelled_and_again_while_it_closes_its_database(self, tmp_path: Path) -> None:
        running: asyncio.Future[DevServer] = asyncio.get_running_loop().create_future()

        async def hold() -> None:
            async with run_dev_server(db=tmp_path / "temporal.db") as server:
                running.set_result(server)
                await asyncio.Event().wait()

        task = asyncio.create_task(hold())
        server = await running
        task.cancel()
        await asyncio.sleep(0)  # one turn of the loop, in which the task begins to stop the server
        assert alive(server.pid)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not alive(server.pid)

    async def test_after_a_cancel_while_it_starts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _fake_server(
            tmp_path, f"echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 600"
        )
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

        async def hold() -> None:
            async with run_dev_server():
                pass

        task = asyncio.create_task(hold())
        await until((tmp_path / "pid").exists, "the server is starting")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not alive(int((tmp_path / "pid").read_text()))

    async def test_ctrl_c_stops_it_last(self) -> None:
        holder, pid = await _holder()
        try:
            assert os.getpgid(pid) != os.getpgid(holder.pid)
            os.killpg(holder.pid, signal.SIGINT)
            out, err = await asyncio.wait_for(holder.communicate(), 20)
            assert (out, err, holder.returncode) == (b"True\n", b"", 130)
            assert not alive(pid)
        finally:
            await _end(holder)

    @pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is of Linux")
    async def test_a_killed_parent_takes_it_along(self) -> None:
        holder, pid = await _holder()
        try:
            assert alive(pid)
            holder.kill()
            await holder.wait()
            await until(lambda: not alive(pid), "the server has gone with its parent", within=5)
        finally:
            await _end(holder)
