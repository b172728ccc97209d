"""Worker and client reach the Temporal that is configured, or say in the user's words why not."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from interpreter.temporal.client import connection
from interpreter.temporal.client.connection import connect, is_configured
from interpreter.temporal.client.connection_problem import ConnectionProblem
from interpreter.temporal.dev_server.server import DevServer
from tests.support.processes import run

PROFILES = """\
[profile.default]
namespace = "no-address-here"

[profile.prod]
address = "prod.example.com:7233"
namespace = "trips"
"""


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Temporal's configuration file, with `PROFILES` in it."""
    file = tmp_path / "temporal.toml"
    file.write_text(PROFILES)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    return file


async def _problem(
    *,
    address: str | None = None,
    namespace: str | None = None,
    profile: str | None = None,
    timeout: float = 10,
) -> str:
    """The text of the problem with this connection, found in bounded time and without a library's words."""
    began = time.monotonic()
    with pytest.raises(ConnectionProblem) as caught:
        await connect(address=address, namespace=namespace, profile=profile, timeout=timeout)
    assert time.monotonic() - began < timeout + 1
    text = str(caught.value)
    assert not any(word in text for word in ("Error(", "tonic", "RPCError", "Traceback", "ConfigError"))
    return text


class TestIsConfigured:
    def test_not_by_nothing(self) -> None:
        assert not is_configured()

    def test_by_the_option(self) -> None:
        assert is_configured(address="localhost:7233")

    def test_by_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TEMPORAL_ADDRESS", "localhost:7233")
        assert is_configured()

    @pytest.mark.parametrize("name", ["TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY"])
    def test_not_without_an_address(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(name, "trips")
        monkeypatch.setenv("TEMPORAL_ADDRESS", "")
        assert not is_configured()

    @pytest.mark.usefixtures("profiles")
    def test_by_a_profile_that_has_an_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert not is_configured()
        assert is_configured(profile="prod")
        monkeypatch.setenv("TEMPORAL_PROFILE", "prod")
        assert is_configured()

    def test_by_the_file_at_its_usual_place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "temporalio" / "temporal.toml"
        file.parent.mkdir()
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        file.write_text('[profile.default]\naddress = "localhost:7233"\n')
        assert is_configured()
        file.write_text("[profile.default\n")
        with pytest.raises(ConnectionProblem, match=rf"^{file}:1:\d+: "):
            is_configured()


class TestConnect:
    async def test_to_what_the_environment_names(
        self, server: DevServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
        client = await connect()
        assert client.namespace == "default"
        assert await client.service_client.check_health()

    async def test_to_what_a_profile_names(
        self, server: DevServer, profiles: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        profiles.write_text(f'[profile.here]\naddress = "{server.address}"\nnamespace = "default"\n')
        assert (await connect(profile="here")).namespace == "default"
        monkeypatch.setenv("TEMPORAL_PROFILE", "here")
        assert (await connect()).service_client.config.target_host == server.address

    async def test_options_lie_over_environment_over_profile(
        self, server: DevServer, profiles: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TEMPORAL_ADDRESS", "prod.example.com:7233")
        monkeypatch.setenv("TEMPORAL_NAMESPACE", "of-the-environment")
        text = await _problem(address=server.address, profile="prod")
        assert "has no namespace 'of-the-environment'" in text
        client = await connect(address=server.address, namespace="default", profile="prod")
        assert client.namespace == "default"

    async def test_to_the_usual_address_when_nothing_is_configured(
        self, server: DevServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection, "DEFAULT_ADDRESS", server.address)
        assert (await connect()).service_client.config.target_host == server.address


class TestUnreadableConfiguration:
    @pytest.mark.parametrize(
        ("text", "place", "reason"),
        [
            (
                "[profile.default]\naddress = 7233\n",
                ":2:11",
                "invalid type: integer `7233`, expected a string",
            ),
            ("[profile.default]\naddress = [\n", ":2:12", "unclosed array, expected `]`"),
            ("[profile.a]\n[profile.a]\n", ":2:10", "duplicate key"),
        ],
    )
    async def test_is_reported_at_its_line(self, profiles: Path, text: str, place: str, reason: str) -> None:
        profiles.write_text(text)
        assert await _problem() == f"{profiles}{place}: {reason}"

    async def test_that_is_not_text(self, profiles: Path) -> None:
        profiles.write_bytes(b"\xff\xfe")
        assert await _problem() == f"{profiles}: invalid utf-8 sequence of 1 bytes from index 0"

    async def test_that_is_missing(self, profiles: Path) -> None:
        profiles.unlink()
        assert await _problem() == f"{profiles}: no such file\nhint: TEMPORAL_CONFIG_FILE names it"

    async def test_without_the_profile(self, profiles: Path) -> None:
        assert (await _problem(profile="pord")).startswith(f"{profiles}: no profile 'pord'\nhint: ")

    async def test_with_a_certificate_that_is_missing(self, profiles: Path) -> None:
        profiles.write_text('[profile.default.tls]\nclient_cert_path = "/nowhere/cert.pem"\n')
        assert (await _problem()).startswith("/nowhere/cert.pem: No such file or directory\nhint: ")


class TestUnreachable:
    async def test_nobody_listens(self) -> None:
        with socket.socket() as bound:  # to a port on which nobody listens
            bound.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{bound.getsockname()[1]}"
            text = await _problem(address=address)
        assert text.startswith(
            f"can't reach Temporal at {address} (namespace default): the connection was refused\n"
            "hint: is it running? `stepfile server` starts a local one"
        )

    @pytest.mark.usefixtures("profiles")
    async def test_no_such_host(self) -> None:
        text = await _problem(address="temporal.invalid:7233", profile="prod")
        assert text.startswith(
            "can't reach Temporal at temporal.invalid:7233 (namespace trips, profile prod): no such host\n"
        )

    @pytest.mark.parametrize(
        "address", ["localhost", "http://localhost:7233", "a b:1", "localhost:99999", ":7233"]
    )
    async def test_an_address_that_is_none(self, address: str) -> None:
        text = await _problem(address=address)
        assert text.endswith("this is not an address\nhint: write host:port, without http://")

    async def test_nobody_answers(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            text = await _problem(address=f"127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)
        assert "(namespace default): no answer within 0.3 s\nhint: " in text

    async def test_no_such_namespace(self, server: DevServer) -> None:
        text = await _problem(address=server.address, namespace="nope")
        assert text.startswith(
            f"Temporal at {server.address} (namespace nope) has no namespace 'nope'\nhint: check TEMPORAL_"
        )

    async def test_tls_where_none_is_spoken(self, server: DevServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TEMPORAL_API_KEY", "secret-of-mine")
        text = await _problem(address=server.address)
        assert "it does not speak TLS\nhint: remove `tls` and `api_key`" in text
        assert "secret-of-mine" not in text

    async def test_something_that_is_not_temporal(self) -> None:
        async with _hangs_up() as address:
            assert (
                "a server answers there, but closes the connection\nhint: it may require TLS"
                in await _problem(address=address)
            )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> tuple[Path, Path]:
        """A certificate for localhost that nobody has signed, and its key."""
        certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
        made = run(
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "1",
                "-subj",
                "/CN=localhost",
            ),
            *("-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", key, "-out", certificate),
        )
        assert made.returncode == 0, made.stderr
        return certificate, key

    @pytest.fixture
    def context(self, certificate: tuple[Path, Path]) -> ssl.SSLContext:
        """What a server with this certificate speaks."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        context.set_alpn_protocols(["h2"])
        return context

    async def test_nobody_vouches_for_the_server(
        self, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TEMPORAL_TLS", "true")
        async with _hangs_up(context) as address:
            text = await _problem(address=address)
        assert (
            "its TLS certificate is not trusted (UnknownIssuer)\nhint: TEMPORAL_TLS_SERVER_CA_CERT_PATH"
            in text
        )

    async def test_tls_is_wanted(self, context: ssl.SSLContext) -> None:
        async with _hangs_up(context) as address:
            assert "closes the connection\nhint: it may require TLS (TEMPORAL_TLS=true)" in await _problem(
                address=address
            )

    async def test_a_client_certificate_that_is_none(
        self, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate[0].write_text("nonsense")
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", str(certificate[0]))
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", str(certificate[1]))
        text = await _problem(address="localhost:7233")
        assert "the TLS client certificate or its key can't be used\nhint: " in text


@asynccontextmanager
async def _hangs_up(context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The address of a server that reads something and closes the connection; speaks TLS with a `context`."""

    async def hang_up(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"localhost:{server.sockets[0].getsockname()[1]}"
