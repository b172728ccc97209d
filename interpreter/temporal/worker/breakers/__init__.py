"""What a worker does for circuit breakers that runs share.

`guard` stands around each attempt: it asks a view, which costs no call of the server while all is well, and tells how
the attempt went. `watched` keeps the view of one name up to date, by one long poll of the history of its entity.
`entity` is what is said to an entity, and `serving` lets this worker run entities.
"""
