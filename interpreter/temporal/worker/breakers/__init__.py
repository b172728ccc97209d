"""What a worker does for circuit breakers that runs share.

`guard` stands around each attempt: it asks a view, which costs no call of the server while all is well, and tells
how the attempt went. `watched` keeps the view of one name up to date, by one long poll of the history of its entity,
which `entity_history` reads. `messenger` tells the entity how calls went, and asks it for permits; `step_queue`
tells it which steps wait. Both say it by `entity`, and by `reach` they know whether it lives.

Tasks that outlive the attempt that begins them have a context of their own (`contextvars.Context()`). Otherwise all
that they log would name the run of that attempt.
"""
