"""Payloads are encrypted with AES-256-GCM before they leave this process.

An encrypted payload has two metadata, `encoding` and the id of the key. Its data are a nonce of 12 random bytes and
the sealed bytes of the whole inner payload, whose metadata are hidden, too. The two outer metadata are authenticated
(associated data), so that nobody can change them unnoticed. docs/decisions/030-encryption.md says why.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

from interpreter.temporal.data.keys import EncryptionProblem, KeyRing, KeySource

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError as error:
    raise EncryptionProblem(
        "encryption needs the package cryptography, which can't be imported",
        "pip install 'stepfile[encryption]'",
    ) from error

ENCODING = b"binary/stepfile-encrypted"
KEY_ID = "encryption-key-id"
NONCE_BYTES = 12


class AesGcmCodec(PayloadCodec):
    """A codec that encrypts each payload. Payloads that were not encrypted are decoded as they are."""

    def __init__(self, keys: KeySource) -> None:
        """
        Args:
            keys: Where the keys come from. It is asked at once, and again from time to time.

        Raises:
            EncryptionProblem: there are no keys, or what there is are none.
        """
        self._keys = KeyRing(keys)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt payloads with the first key."""
        key_id, key = await self._keys.get_first()
        cipher, label = AESGCM(key), key_id.encode()
        return [_encrypt(payload, cipher, label) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt payloads, each with the key that it names.

        Raises:
            EncryptionProblem: the key is not there, or it does not fit.
        """
        return [await self._decrypt(payload) for payload in payloads]

    async def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        label = payload.metadata.get(KEY_ID, b"")
        key_id = label.decode(errors="replace")
        cipher = AESGCM(await self._keys.find(key_id))
        nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(cipher.decrypt(nonce, sealed, _bind(label)))
        except (InvalidTag, ValueError):
            raise EncryptionProblem(
                f'the key "{key_id}" does not fit a payload that names it: another key has this id here, or the '
                "payload was changed"
            ) from None


def encrypt_payloads(keys: KeySource, converter: DataConverter | None = None) -> DataConverter:
    """Make a data converter that encrypts what it converts, with the messages and stack traces of failures.

    Args:
        keys: Where the keys come from, such as `keys_from_file("/run/secrets/keys")`.
        converter: What converts, and stores what is large; without it, temporalio's default.

    Raises:
        EncryptionProblem: there are no keys, or the converter has a codec already.
    """
    converter = converter or DataConverter.default
    if converter.payload_codec is not None:
        raise EncryptionProblem(
            f"the data converter has a codec already ({type(converter.payload_codec).__name__}), and can't have "
            "another one for encryption",
            "let your codec call stepfile.encryption.AesGcmCodec, or remove one of the two",
        )
    failures = converter.failure_converter_class
    if failures is DefaultFailureConverter:
        failures = DefaultFailureConverterWithEncodedAttributes
    return replace(converter, payload_codec=AesGcmCodec(keys), failure_converter_class=failures)


def _encrypt(payload: Payload, cipher: AESGCM, key_id: bytes) -> Payload:
    nonce = os.urandom(NONCE_BYTES)
    sealed = cipher.encrypt(nonce, payload.SerializeToString(), _bind(key_id))
    return Payload(metadata={"encoding": ENCODING, KEY_ID: key_id}, data=nonce + sealed)


def _bind(key_id: bytes) -> bytes:
    """The associated data: what stands outside, and must not be changed."""
    return ENCODING + b"\0" + key_id
