"""Dead letters as Prometheus reads them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from interpreter.cli.display.letter_metrics import format_letter_metrics
from interpreter.letters.status import LetterStatus
from interpreter.letters.transitions import open_letter
from tests.interpreter.letters.records import build_record

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SUMMARY = open_letter("stepfile-letter:orders:a/charge", build_record()).summarize()
OLD = replace(SUMMARY, queue="orders", first_failed_at=NOW - timedelta(days=1))
LETTERS = (
    OLD,
    replace(OLD, first_failed_at=NOW - timedelta(hours=1)),
    replace(OLD, status=LetterStatus.POISON, first_failed_at=NOW),
    replace(OLD, queue='the "other"', first_failed_at=NOW + timedelta(seconds=1)),
)
TEXT = r"""
# HELP stepfile_dead_letter_queue_letters Dead letters that are kept, by queue and state.
# TYPE stepfile_dead_letter_queue_letters gauge
stepfile_dead_letter_queue_letters{queue="orders",state="open"} 2
stepfile_dead_letter_queue_letters{queue="orders",state="poison"} 1
stepfile_dead_letter_queue_letters{queue="the \"other\"",state="open"} 1
# HELP stepfile_dead_letter_queue_oldest_age_seconds Time since the oldest dead letter of a queue has failed first.
# TYPE stepfile_dead_letter_queue_oldest_age_seconds gauge
stepfile_dead_letter_queue_oldest_age_seconds{queue="orders"} 86400
stepfile_dead_letter_queue_oldest_age_seconds{queue="the \"other\""} 0
# HELP stepfile_dead_letter_queue_undecodable_letters Dead letters that can't be decoded, and are in no other number.
# TYPE stepfile_dead_letter_queue_undecodable_letters gauge
stepfile_dead_letter_queue_undecodable_letters 2
# HELP stepfile_dead_letter_queue_counted_timestamp_seconds When the dead letters were counted last, as Unix time.
# TYPE stepfile_dead_letter_queue_counted_timestamp_seconds gauge
stepfile_dead_letter_queue_counted_timestamp_seconds 1767312000
"""


def test_letters_are_counted_and_the_oldest_tells_its_age() -> None:
    assert list(format_letter_metrics(LETTERS, 2, NOW)) == TEXT.strip().splitlines()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="it needs promtool")
def test_promtool_finds_nothing_wrong() -> None:
    text = "\n".join(format_letter_metrics(LETTERS, 2, NOW)) + "\n"
    ended = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")
