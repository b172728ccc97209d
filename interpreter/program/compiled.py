"""The programs of this process: each definition is compiled once, and a large one never on the thread of a workflow.

A workflow needs its program when it begins, and when a worker replays it from its beginning. temporalio gives a
workflow two seconds until it takes it for a deadlock and fails the workflow task. The next attempt would begin
anew, and fail again: the run would be blocked for ever. So large definitions are compiled on a thread of their own.
A worker begins with that before the workflow task (see `interpreter.temporal.worker.compile_ahead`). What was begun
goes on when the task is given up, and the next attempt finds it.

A program depends on nothing but the text, so threads and time have no influence on the course of a run.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from threading import Lock

from dsl.check import InvalidDefinition
from dsl.definition.sites import find_all_sites
from interpreter.program.compiler import compile_bundle
from interpreter.program.model import Bundle, Program

LARGE = 2 * 1024
"""From this many characters on, a definition is compiled on the thread. A smaller one takes some milliseconds, so
that a worker can begin with hundreds of them at once."""

ANCHOR = "&"
"""What an anchor begins with. That `&&` in an expression looks like one does no harm."""

FROZEN = 64 * 1024
"""From this many characters on, what was compiled is hidden from the collector of garbage."""

LOOK_EVERY = 16
"""After so many of them, what was hidden is looked through. That takes about 0.1 s for each 100 KB of definitions."""

KEPT = 4 * 1024 * 1024
"""How many characters of definitions are kept compiled. A program takes about 60 bytes of memory for each."""

Programs = Mapping[str | None, Program]
"""`Programs` are those of one bundle, by the name of the definition in it; the bundle's own has the name None."""

_thread = ThreadPoolExecutor(1, thread_name_prefix="stepfile-compile")
_lock = Lock()
_known: OrderedDict[Bundle, Programs | Future[Programs]] = OrderedDict()
"""The bundles that were needed, the last one at the end. A large one has a future, compiled or not."""


def compile_program(
    bundle: str | Bundle, entry: str | None = None, *, patience: float | None = None
) -> Program:
    """Compile a definition, and wait for it.

    Args:
        bundle: The text of a definition, with the files that belong to it if there are any.
        entry: The name of the definition in the bundle that is meant; None: the bundle's own.
        patience: How many seconds to wait for a large definition; None: until it is compiled.

    Raises:
        dsl.InvalidDefinition: the text has problems.
        KeyError: there is no such entry.
        TimeoutError: it took longer. The compiling goes on.
    """
    bundle = Bundle(bundle) if isinstance(bundle, str) else bundle
    if is_large(bundle):
        return begin_compiling(bundle).result(patience)[entry]
    known = _find(bundle)
    if not isinstance(known, Mapping):
        known = compile_bundle(bundle)
        _keep(bundle, known)
    return known[entry]


def begin_compiling(bundle: Bundle) -> Future[Programs]:
    """Compile a large bundle on the thread, if that was not begun yet.

    The future fails with `dsl.InvalidDefinition` if the text has problems.
    """
    with _lock:
        known = _known.get(bundle)
        if not isinstance(known, Future) or _has_crashed(known):
            known = _known[bundle] = _thread.submit(_compile_without_pauses, bundle)
            _forget_oldest()
        _known.move_to_end(bundle)
        return known


def _has_crashed(compiling: Future[Programs]) -> bool:
    """Whether it has ended by something else than what the text says, such as a lack of memory."""
    error = compiling.exception() if compiling.done() else None
    return error is not None and not isinstance(error, InvalidDefinition)


def is_large(bundle: Bundle) -> bool:
    """Whether a bundle is compiled on the thread: it is long, or has anchors, by which a short text can mean much."""
    return _count_characters(bundle) >= LARGE or any(ANCHOR in text for text in _list_texts(bundle))


def _count_characters(bundle: Bundle) -> int:
    return sum(len(text) for text in _list_texts(bundle))


def _list_texts(bundle: Bundle) -> list[str]:
    return [bundle.text, *(text for _, text in bundle.files)]


def _find(bundle: Bundle) -> Programs | Future[Programs] | None:
    with _lock:
        if bundle in _known:
            _known.move_to_end(bundle)
        return _known.get(bundle)


def _keep(bundle: Bundle, programs: Programs) -> None:
    with _lock:
        _known[bundle] = programs
        _forget_oldest()


def _forget_oldest() -> None:
    """Keep to the bound, but forget nothing that is still being compiled: somebody waits for it."""
    excess = sum(_count_characters(each) for each in _known) - KEPT
    for bundle, known in list(_known.items())[:-1]:
        if excess <= 0:
            break
        if isinstance(known, Mapping) or known.done():
            del _known[bundle]
            excess -= _count_characters(bundle)


def _compile_without_pauses(bundle: Bundle) -> Programs:
    """Compile a large bundle, and all that a run of it would compile later.

    Collecting garbage would take a third of the time, and finds none, for all that is made is kept. Half a million
    objects would also be looked through afterwards, three times, while a workflow must not stand still. So they are
    hidden from the collector. They have no cycles, so they are freed without it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        programs = compile_bundle(bundle)
        for program in programs.values():
            for site in find_all_sites(program.definition):
                site.template.prepare()
        return programs
    finally:
        if _count_characters(bundle) >= FROZEN:
            _hide_from_collector()
        if was_enabled:
            gc.enable()


def _hide_from_collector() -> None:
    """Hide all that is in memory. That is more than was compiled, so now and then what was hidden is looked through.

    Otherwise the runs that a worker had in memory at such a moment would stay there for ever, for they have cycles.
    """
    if next(_times_hidden) % LOOK_EVERY == 0:
        gc.unfreeze()
        gc.collect()
    gc.freeze()


_times_hidden = count(1)
