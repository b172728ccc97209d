"""A worker keeps many runs in memory, so what all runs of a definition have is there once."""

from __future__ import annotations

import json

from interpreter.temporal.workflow.admission import _share_texts

REQUEST = json.dumps({"text": 'dsl: "1"\nname: a\nsteps: [{wait: 1s}]\n', "files": {"b": "c"}})


def test_runs_share_the_text_of_their_definition() -> None:
    one, other = json.loads(REQUEST), json.loads(REQUEST)
    assert one["text"] is not other["text"]
    _share_texts(one)
    _share_texts(other)
    assert one == other == json.loads(REQUEST)
    assert one["text"] is other["text"]
