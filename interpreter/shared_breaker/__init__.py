"""Circuit breakers that all runs and workers share: pure state machines, to which time is handed in.

One *group* holds all breakers of one name: one breaker, or one for each key. The group is the only authority. It
alone changes a state, and it alone gives permits for probes. In Temporal it lives in an entity workflow.

Each worker has a *view* of the group. As long as the view says that a breaker is closed, calls are let through
without asking, and nothing is told while all is well. A worker tells its *reports*: failures at once, and successes
as long as the group counts failures that they outweigh.

"In a row", over several workers, is this. Failures are counted in the order in which reports reach the group, and
within a report in the order in which the calls have ended. A success that any worker reports ends the row, whoever
has reported its failures. A worker reports its successes from when it has learnt that there is a row. Successes that
ended before are not looked at.

Every permit carries the *generation* in which it was given. Each change of state begins a new one, and numbers only
rise. What began in an earlier generation says nothing about this one, so it is not counted.
"""
