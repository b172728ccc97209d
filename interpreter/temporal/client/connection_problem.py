"""Explain to the user why Temporal can't be reached.

The SDK only has the texts of the libraries that it uses (`ConnectError(Custom { kind: InvalidData, ...`), and no code
to test for. All texts here were provoked with temporalio 1.35; a text that is not known is shown as it is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from temporalio.service import RPCError, RPCStatusCode

from interpreter.temporal.problem import TemporalProblem


class ConnectionProblem(TemporalProblem):
    """The configuration can't be read, or Temporal can't be reached with it."""


class _Cause(NamedTuple):
    sign: str
    """A regular expression that matches inside the SDK's text."""
    meaning: str
    """What we say instead; it may refer to groups of `sign`."""
    remedy: str
    """What the user can do about it."""


_CREDENTIALS = "check the API key (TEMPORAL_API_KEY) and what it may do in this namespace"
_CAUSES = (
    _Cause(
        r"ConnectionRefused",
        "the connection was refused",
        "is it running? `stepfile server` starts a local one; TEMPORAL_ADDRESS or --address names another",
    ),
    _Cause(r"dns error", "no such host", "check the address (TEMPORAL_ADDRESS, --address or the profile)"),
    _Cause(
        r"no answer within .* s", r"\g<0>", "check the address, and whether a firewall blocks the connection"
    ),
    _Cause(r"invalid target URL", "this is not an address", "write host:port, without http://"),
    _Cause(
        r"InvalidContentType",
        "it does not speak TLS",
        "remove `tls` and `api_key` from the profile, or set TEMPORAL_TLS=false",
    ),
    _Cause(
        r"InvalidCertificate\((?:Other\(OtherError\()?(\w+)",
        r"its TLS certificate is not trusted (\1)",
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH names the authority, TEMPORAL_TLS_SERVER_NAME the expected name",
    ),
    _Cause(
        r"PrivateKeyParseError|NoCertificatesPresented|client cert and private key",
        "the TLS client certificate or its key can't be used",
        "give both as PEM files: TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH",
    ),
    _Cause(r"Unauthenticated|PermissionDenied", "it refuses these credentials", _CREDENTIALS),
    _Cause(
        r"transport error",
        "a server answers there, but closes the connection",
        "it may require TLS (TEMPORAL_TLS=true) or a client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH); "
        "or this is the port of the UI: gRPC is usually on 7233",
    ),
)
"""The known causes; the first one whose sign is found counts."""


def explain_unreachable(place: str, text: str) -> ConnectionProblem:
    """Explain the text that the SDK has when it can't connect to `place`."""
    for cause in _CAUSES:
        if found := re.search(cause.sign, text):
            return ConnectionProblem(f"can't reach {place}: {found.expand(cause.meaning)}", cause.remedy)
    return ConnectionProblem(f"can't reach {place}: {text}")


def explain_refusal(place: str, namespace: str, error: RPCError) -> ConnectionProblem:
    """Explain why a server that answers does not accept the namespace."""
    match error.status:
        case RPCStatusCode.NOT_FOUND:
            return ConnectionProblem(
                f"{place} has no namespace {namespace!r}",
                "check TEMPORAL_NAMESPACE, --namespace or the profile; "
                f"`temporal operator namespace create -n {namespace}` creates it",
            )
        case RPCStatusCode.UNAUTHENTICATED | RPCStatusCode.PERMISSION_DENIED:
            return ConnectionProblem(f"{place} refuses these credentials: {error.message}", _CREDENTIALS)
        case _:
            return ConnectionProblem(f"{place} is not ready: {error.message} ({error.status.name})")


def explain_unreadable(file: Path, text: str) -> ConnectionProblem:
    """Explain the text that the SDK has when it can't load a profile from `file`."""
    if found := re.fullmatch(r"Profile '(.*)' not found", text):
        return ConnectionProblem(
            f"{file}: no profile {found[1]!r}",
            "check --profile and TEMPORAL_PROFILE; the file has [profile.NAME]",
        )
    reason = text.removeprefix("Configuration loading error: ").strip()
    if found := re.match(r"TOML parse error at line (\d+), column (\d+)\n", reason):
        return ConnectionProblem(f"{file}:{found[1]}:{found[2]}: {reason.splitlines()[-1]}")
    return ConnectionProblem(f"{file}: {reason}")
