"""Who repairs many runs by a filter leaves the redrives of dead letters to `stepfile dlq redrive`."""

from __future__ import annotations

from pathlib import Path

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.test_dlq import Shop
from tests.support.waiting import until


@pytest.fixture
def shop(tmp_path: Path, server: DevServer) -> Shop:
    return Shop(tmp_path, server)


async def test_redrives_are_left_out(shop: Shop) -> None:
    name = f"orders-{shop.queue}"
    file = shop.folder / "orders.yaml"
    file.write_text(file.read_text().replace("name: orders", f"name: {name}"))
    with shop.worker():
        shop.fail_orders(1, refused=1)
        (letter,) = shop.letters()
        assert shop.call("dlq", "redrive", letter["id"]).returncode == ExitCode.FAILED
        redrive = f"{letter['id']}:redrive:1"
        await until(lambda: redrive in shop.get("list", "--definition", name), "the redrive is listed")
        told = f"{redrive}  left out: it is the redrive of a dead letter; `stepfile dlq redrive` tries it again\n"
        for how in ("retry", "resume"):
            alone = shop.call(how, "--definition", name, "--yes")
            assert (alone.returncode, alone.stdout) == (ExitCode.FAILED, "")
            assert (
                alone.stderr
                == f"{told}nothing was started: each of these runs is the redrive of a dead letter\n"
            )

        failed = f"{shop.queue}-failed"
        assert shop.submit("orders.yaml", failed).returncode == ExitCode.FAILED
        await until(lambda: failed in shop.get("list", "--definition", name), "the run is listed")
        for how in ("retry", "resume"):
            both = shop.call(how, "--definition", name, "--dry-run")
            assert (both.returncode, both.stdout.split()[0]) == (ExitCode.SUCCESS, failed)
            assert both.stderr == f"{told}of 1 run 1 could be started again, 0 were refused\n"

        named = shop.call("retry", redrive, failed, "--dry-run")
        assert named.returncode == ExitCode.FAILED, "a run that is named is not left out"
        assert f'refused: "{redrive}" is the redrive of a dead letter, which runs one step' in named.stdout
