"""The codec that encrypts payloads, and where its keys come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, DefaultFailureConverter

from interpreter.temporal.data import keys as keys_module
from interpreter.temporal.data.encryption import ENCODING, KEY_ID, AesGcmCodec, encrypt_payloads
from interpreter.temporal.data.encryption_settings import read_key_source
from interpreter.temporal.data.keys import (
    EncryptionProblem,
    keys_from_environment,
    keys_from_file,
    parse_keys,
)
from interpreter.temporal.problem import TemporalProblem
from tests.temporal.data.keys import KEYS, write_keys

PAYLOAD = Payload(metadata={"encoding": b"json/plain", "mark": b"hush"}, data=b'"hush"')
[OLD, NEW] = KEYS


@pytest.fixture(autouse=True)
def _at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the source be asked again at once."""
    monkeypatch.setattr(keys_module, "SHORTEST_INTERVAL", 0)


async def encrypt(codec: AesGcmCodec) -> Payload:
    [encrypted] = await codec.encode([PAYLOAD])
    return encrypted


async def test_all_of_a_payload_is_encrypted_and_comes_back() -> None:
    codec = AesGcmCodec(lambda: KEYS)
    first, second = await codec.encode([PAYLOAD, PAYLOAD])
    assert dict(first.metadata) == {"encoding": ENCODING, KEY_ID: OLD.encode()}
    assert b"hush" not in first.SerializeToString()
    assert first.data != second.data
    assert await codec.decode([first, second]) == [PAYLOAD, PAYLOAD]


async def test_what_was_not_encrypted_is_decoded_as_it_is() -> None:
    assert await AesGcmCodec(lambda: KEYS).decode([PAYLOAD]) == [PAYLOAD]


async def test_a_key_that_is_missing_is_named() -> None:
    encrypted = await encrypt(AesGcmCodec(lambda: {OLD: KEYS[OLD]}))
    with pytest.raises(EncryptionProblem, match=f'"{OLD}".* is not among the keys here \\("{NEW}"\\)$'):
        await AesGcmCodec(lambda: {NEW: KEYS[NEW]}).decode([encrypted])


def change_key_id(payload: Payload) -> None:
    payload.metadata[KEY_ID] = NEW.encode()


def change_data(payload: Payload) -> None:
    payload.data = payload.data[:-1] + bytes([payload.data[-1] ^ 1])


def cut_data(payload: Payload) -> None:
    payload.data = payload.data[:5]


@pytest.mark.parametrize("change", [change_key_id, change_data, cut_data])
async def test_a_payload_that_was_changed(change: Callable[[Payload], None]) -> None:
    """Both ids stand for the same key here: the id itself is authenticated."""
    codec = AesGcmCodec(lambda: {OLD: KEYS[OLD], NEW: KEYS[OLD]})
    encrypted = await encrypt(codec)
    change(encrypted)
    with pytest.raises(EncryptionProblem, match="does not fit a payload that names it"):
        await codec.decode([encrypted])


async def test_another_key_with_the_same_id() -> None:
    encrypted = await encrypt(AesGcmCodec(lambda: {OLD: KEYS[OLD]}))
    with pytest.raises(EncryptionProblem, match=f'the key "{OLD}" does not fit'):
        await AesGcmCodec(lambda: {OLD: KEYS[NEW]}).decode([encrypted])


async def test_the_source_is_asked_again_for_a_key_that_is_not_known() -> None:
    keys = {OLD: KEYS[OLD]}
    codec = AesGcmCodec(lambda: dict(keys))
    encrypted = await encrypt(AesGcmCodec(lambda: {NEW: KEYS[NEW]}))
    keys[NEW] = KEYS[NEW]
    assert await codec.decode([encrypted]) == [PAYLOAD]
    assert (await encrypt(codec)).metadata[KEY_ID] == OLD.encode()


async def test_the_source_is_asked_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """When it fails then, the last keys go on."""
    keys = {OLD: KEYS[OLD]}
    codec = AesGcmCodec(lambda: {**keys} if keys else 1 / 0)  # type: ignore[arg-type, return-value]
    keys = {NEW: KEYS[NEW], **keys}
    assert (await encrypt(codec)).metadata[KEY_ID] == OLD.encode()
    monkeypatch.setattr(keys_module, "REFRESH_INTERVAL", 0)
    encrypted = await encrypt(codec)
    assert encrypted.metadata[KEY_ID] == NEW.encode()
    keys.clear()
    assert (await encrypt(codec)).metadata[KEY_ID] == NEW.encode()
    assert "the keys for payloads can't be read again, so the last ones stay: division by zero" in caplog.text
    with pytest.raises(EncryptionProblem, match="could not be read again: division by zero"):
        await codec.decode([await encrypt(AesGcmCodec(lambda: {"other": KEYS[OLD]}))])


def test_keys_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = write_keys(KEYS)
    assert list(parse_keys(text, "here").items()) == list(KEYS.items())
    file = tmp_path / "keys"
    file.write_text(text.replace(",", "\n") + "\n")
    assert keys_from_file(file)() == KEYS
    monkeypatch.setenv("THE_KEYS", text)
    assert keys_from_environment("THE_KEYS")() == KEYS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "here: the key number 1 does not have the form ID:BASE64"),
        ("a:AAAA,AAAA", "here: the key number 2 does not have the form ID:BASE64"),
        ("a:AAAA a:AAAA", 'here: two keys have the id "a"'),
        ("a:AAAAA", 'here: the key "a" is no base64'),
    ],
)
def test_texts_that_are_no_keys(text: str, message: str) -> None:
    with pytest.raises(EncryptionProblem) as problem:
        parse_keys(text, "here")
    assert problem.value.message == message
    assert "AAA" not in str(problem.value)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "must return a dict with at least one key"),
        (None, "must return a dict with at least one key"),
        ({"a": b"short"}, 'the key "a" must have 32 bytes, found 5 bytes'),
        ({"a": "text"}, 'the key "a" must have 32 bytes, found a str'),
        ({"a b": b"1" * 32}, "the id of a key must have 1 to 64 letters"),
        ({5: b"1" * 32}, "the id of a key must have 1 to 64 letters"),
    ],
)
def test_a_source_without_keys(keys: Any, message: str) -> None:
    with pytest.raises(EncryptionProblem, match=message):
        AesGcmCodec(lambda: keys)


def test_a_data_converter_has_one_codec() -> None:
    encrypted = encrypt_payloads(lambda: KEYS)
    with pytest.raises(EncryptionProblem, match=r"has a codec already \(AesGcmCodec\)"):
        encrypt_payloads(lambda: KEYS, encrypted)


def test_a_failure_converter_of_the_user_stays() -> None:
    class Own(DefaultFailureConverter):
        """Encodes in its own way."""

    own = replace(DataConverter.default, failure_converter_class=Own)
    assert encrypt_payloads(lambda: KEYS, own).failure_converter_class is Own


def load_keys() -> dict[str, bytes]:
    """Return keys, for a setting that names a function."""
    return KEYS


def fail_to_load_keys() -> dict[str, bytes]:
    raise OSError("the vault is sealed")


def test_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys").write_text(write_keys(KEYS))
    monkeypatch.setenv("THE_KEYS", write_keys(KEYS))
    for table in (
        {"keys_variable": "THE_KEYS"},
        {"keys_file": "keys"},
        {"keys_file": str(tmp_path / "keys")},
        {"keys_function": f"{__name__}:load_keys"},
    ):
        assert read_key_source(table, tmp_path)() == KEYS


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "must have exactly one of: keys_variable, keys_file, keys_function"),
        ({"keys_file": "a", "keys_variable": "b"}, "must have exactly one of"),
        ({"key_file": "a"}, "has no setting key_file"),
        ({"keys_file": 5}, "keys_file must be text, found 5"),
        ({"keys_file": "missing"}, "missing, which holds the keys, can't be read: No such file or directory"),
        ({"keys_variable": "NO_SUCH"}, "the environment variable NO_SUCH, which holds the keys, is not set"),
        ({"keys_function": "keys"}, 'must name a module and a name in it, found "keys"'),
        ({"keys_function": f"{__name__}:no_such"}, 'has no "no_such"'),
        ({"keys_function": f"{__name__}:OLD"}, "which is no function"),
        ({"keys_function": f"{__name__}:fail_to_load_keys"}, "has failed: OSError: the vault is sealed"),
    ],
)
def test_wrong_settings(table: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(TemporalProblem) as problem:
        read_key_source(table, tmp_path)()
    assert message in problem.value.message
