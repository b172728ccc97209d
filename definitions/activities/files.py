"""Files on the disk of one worker: no other has them."""

from __future__ import annotations

import os
import tempfile
from hashlib import sha256
from pathlib import Path

from temporalio import activity

from stepfile.activity import idempotency_key


@activity.defn
def queue_of_worker() -> str:
    """The task queue that this worker alone takes work from.

    It has one beside the common queue; here the environment says which. A worker without it is the only one.
    """
    return os.environ.get("WORKER_QUEUE") or activity.info().task_queue


@activity.defn
def download_file(url: str) -> str:
    """Fetch a file; its path on this worker."""
    name = sha256(idempotency_key().encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"download-{name}"
    path.write_text(f"what stands at {url}", encoding="utf-8")
    return str(path)


@activity.defn
def count_words(path: str) -> int:
    """Work on a file, which must be there."""
    return len(Path(path).read_text(encoding="utf-8").split())


@activity.defn
def remove_file(path: str) -> None:
    """Remove a file; it may be gone already."""
    Path(path).unlink(missing_ok=True)
