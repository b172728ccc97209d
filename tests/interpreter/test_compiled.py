"""A process compiles each definition once, and keeps the programs by their size."""

from __future__ import annotations

import gc
import weakref
from typing import NoReturn

import pytest

from dsl.check import InvalidDefinition
from interpreter.program import compiled
from interpreter.program.compiled import begin_compiling, compile_program, is_large
from interpreter.program.model import Bundle

TEXT = """\
dsl: "1"
name: NAME
vars: {a: 1}
steps:
"""
STEP = "  - set: {a: '${ vars.a + 1 }'}\n"


def _write(name: str, steps: int) -> Bundle:
    return Bundle(TEXT.replace("NAME", name) + STEP * steps)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_known", type(compiled._known)())


@pytest.mark.parametrize("steps", [1, 2000], ids=["small", "large"])
def test_each_is_compiled_once(steps: int) -> None:
    bundle = _write("once", steps)
    assert is_large(bundle) == (steps > 1)
    assert compile_program(bundle) is compile_program(Bundle(bundle.text))


def test_a_short_text_with_anchors_may_be_large() -> None:
    text = TEXT.replace("NAME", "anchors") + "  - steps: &ten [{wait: 1s}, {wait: 2s}]\n  - {steps: *ten}\n"
    assert is_large(Bundle(text))
    assert compile_program(text) is begin_compiling(Bundle(text)).result()[None]


def test_the_oldest_are_forgotten_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, three = (_write(name, 10) for name in ("one", "two", "three"))
    monkeypatch.setattr(compiled, "KEPT", len(one.text) + len(two.text) + len(three.text) - 1)
    programs = [compile_program(each) for each in (one, two)]
    assert compile_program(one) is programs[0]
    compile_program(three)
    assert compile_program(one) is programs[0]
    assert compile_program(two) is not programs[1]


def test_one_that_is_too_large_to_be_kept_is_compiled_once_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "KEPT", 1)
    bundle = _write("alone", 2000)
    assert compile_program(bundle) is compile_program(bundle)


def test_a_large_one_goes_on_when_nobody_waits_any_more() -> None:
    bundle = _write("patience", 3000)
    with pytest.raises(TimeoutError):
        compile_program(bundle, patience=0)
    under_way = begin_compiling(bundle)
    assert compile_program(bundle) is under_way.result()[None]


@pytest.mark.parametrize("steps", [1, 2000], ids=["small", "large"])
def test_what_is_wrong_is_said_each_time(steps: int) -> None:
    bundle = Bundle(_write("wrong", steps).text + "  - st: {a: 1}\n")
    for _ in range(2):
        with pytest.raises(InvalidDefinition):
            compile_program(bundle)


def test_what_has_crashed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = _write("crashed", 2000)

    def crash(bundle: Bundle) -> NoReturn:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(compiled, "compile_bundle", crash)
        with pytest.raises(MemoryError):
            compile_program(bundle)
    assert compile_program(bundle).definition.name == "crashed"


def test_a_large_one_is_hidden_from_the_collector_and_freed_without_it() -> None:
    text = "".join(f"  - set: {{a: '${{ vars.a + {number} }}'}}\n" for number in range(3_000))
    gc.collect()
    before = gc.get_freeze_count()
    compile_program(TEXT.replace("NAME", "frozen") + text)
    frozen = gc.get_freeze_count() - before
    assert frozen > 100_000
    compiled._known.clear()
    compile_program(_write("another", 2_000))  # what was read last is remembered elsewhere, too
    gc.disable()
    try:
        assert gc.get_freeze_count() - before < frozen / 2
    finally:
        gc.enable()


def test_what_was_hidden_with_it_is_freed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a run that a worker had in memory."""

    class Run:
        def __init__(self) -> None:
            self.itself = self

    monkeypatch.setattr(compiled, "LOOK_EVERY", 3)
    run = Run()
    reference = weakref.ref(run)
    compiled._hide_from_collector()
    del run
    gc.collect()
    assert reference() is not None
    for _ in range(3):
        compiled._hide_from_collector()
    assert reference() is None
