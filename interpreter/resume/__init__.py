"""Resuming: from what a run has left to the state with which another run goes on, and the plan that says so.

**The moment.** A run that fails first settles what runs, then undoes, then runs `on_failure` and `finally`. The state
to go on from is that of the moment between: it is decided how the run ends, and nothing is undone yet. What came
after it is added: what was undone, which messages have come, which letters were written (`remains`). A run that was
terminated, or timed out, before anything was decided has left the state in which it was ended.

**Rewinding.** From there each step is looked at once, from the outside in (`rewind`). A step that is over and was not
undone is kept. A step that has failed, was stopped, or had not ended begins again; it may have done its work, so it
has the same key. A step that was undone is forgotten, and has the next key: see
docs/decisions/024-identity-over-runs.md. A block around a step that runs is opened again: what is kept inside hands
out its result.

**What can't be proved is refused.** A run must never say that something is done which is not. A kept step that has
read what another step will do anew has read something that is no more (`reads`). Where a run can't be suspended
(docs/decisions/014-continue-as-new.md) it can't be resumed either. What is refused, and why: docs/decisions/037.

Nothing here talks to the outside world, and no expression is evaluated but constant ones.
"""
