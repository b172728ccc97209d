"""Encrypt everything that runs send to Temporal. This takes the extra `stepfile[encryption]`.

from stepfile import connect
from stepfile.encryption import encrypt_payloads, keys_from_file

client = await connect(data_converter=encrypt_payloads(keys_from_file("/run/secrets/stepfile-keys")))
"""

try:
    from interpreter.temporal.data.encryption import AesGcmCodec, encrypt_payloads
    from interpreter.temporal.data.keys import (
        EncryptionProblem,
        KeySource,
        keys_from_environment,
        keys_from_file,
        parse_keys,
    )
except ImportError:
    from stepfile._own_packages import require_own_packages

    require_own_packages()
    raise

__all__ = [
    "AesGcmCodec",
    "EncryptionProblem",
    "KeySource",
    "encrypt_payloads",
    "keys_from_environment",
    "keys_from_file",
    "parse_keys",
]
