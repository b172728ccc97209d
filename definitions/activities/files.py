"""These activities use files on the disk of one worker, which no other worker has."""

from __future__ import annotations

import os
import tempfile
from hashlib import sha256
from pathlib import Path

from temporalio import activity

from stepfile.activity import idempotency_key


@activity.defn
def queue_of_worker() -> str:
    """Return the task queue that only this worker takes work from, beside the common one.

    The environment names it. If it does not, this is the only worker, and takes work from the common queue only.
    """
    return os.environ.get("WORKER_QUEUE") or activity.info().task_queue


@activity.defn
def download_file(url: str) -> str:
    """Fetch a file, and return its path on this worker."""
    name = sha256(idempotency_key().encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"download-{name}"
    path.write_text(f"what stands at {url}", encoding="utf-8")
    return str(path)


@activity.defn
def count_words(path: str) -> int:
    """Count the words of a file on this worker."""
    return len(Path(path).read_text(encoding="utf-8").split())


@activity.defn
def remove_file(path: str) -> None:
    """Remove a file, if it has not been removed already."""
    Path(path).unlink(missing_ok=True)
