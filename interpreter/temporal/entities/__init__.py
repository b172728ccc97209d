"""Workflows that are no runs of a definition: they keep what runs share. Their code is replayed.

What they decide stands in the machine, as pure state machines; here is only Temporal's side.
"""
