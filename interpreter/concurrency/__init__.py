"""Concurrency of one run: cancel scopes, shields and wait queues. Pure asyncio; no word of the language is here.

**The model is trio's, carried by asyncio tasks.** A run is made of tasks. What must be cancelled as a whole has a
*cancel scope*: the run, a step with a deadline, the branches of a block. To cancel means two things that belong
together. `CancelScope.cancel()` is a level: from then on `cancel_called` is true inside, for ever. `task.cancel()`
is an edge: it wakes what waits at that moment. asyncio alone has only the edge, and an edge can be lost: an
activity may complete in the same moment, a handler may swallow the error. So whoever starts something asks the
level first (`raise_if_cancelled`), and whoever is woken by the edge looks at the level to see whose cancellation it
was.

**Whose cancellation was it?** A scope knows the one around it. If only the inner one was cancelled, the reason is
inside: a deadline, or a branch that has decided. Then that raises its own error. If the outer one was cancelled as
well, the outer wins, and the cancellation goes on outwards.

**What must not be interrupted runs in a shield.** Undoing, `finally` and dead letters are awaited by `shield`,
which swallows the edge: the level remembers it, and the next step outside the shield sees it. In Temporal a second
request to cancel is never delivered, so nothing is lost by that.

**Nobody leaves before all have ended.** Groups of tasks are in `interpreter.flow.task_group`, because the run must
count its tasks; they settle every task before they return, as trio's nurseries do.

**Who waits looks for himself.** A `WaitQueue` carries no value and no promise. It wakes all who wait, in the order
in which they came, and each of them looks whether it was for him. That keeps the order of a run the same on every
replay.

**What replay forbids.** Everything here depends only on the order in which asyncio runs callbacks, which Temporal's
event loop repeats. `asyncio.wait` and `as_completed` return sets; their order is not repeated, so they are banned,
as are the clock and the timers of asyncio: time passes only through `interpreter.effects`.
"""
