"""nginx in front of a development server: it asks for a certificate, or for an API key, as a real Temporal does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CONFIG = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  {temporary}
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    {rule}
    location / {{
      {key_rule}
      grpc_read_timeout 120s;
      grpc_pass grpc://{upstream};
    }}
  }}
}}
"""
_FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Certificates:
    """The files of an authority, and what it has signed for a server and a client."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def client(self) -> tuple[Path, Path]:
        return self.folder / "client.pem", self.folder / "client.key"


def make_certificates(folder: Path) -> Certificates:
    """Make an authority, a server's certificate for localhost, and a client's."""
    _openssl(
        folder,
        *[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=authority",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ],
    )
    for name in ("server", "client"):
        request = f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
        _openssl(folder, *request.split())
        (folder / "names.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="utf-8")
        sign = f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out {name}.pem"
        _openssl(folder, *sign.split(), "-extfile", "names.ext")
    return Certificates(folder)


@contextmanager
def run_proxy(folder: Path, upstream: str, port: int, *, api_key: str | None = None) -> Iterator[str]:
    """Let nginx stand before a server; yields its address.

    Args:
        folder: Where its files are, with the certificates.
        upstream: The address of the server.
        port: Where it listens.
        api_key: The key that it asks for; None: it asks for a certificate of the client.
    """
    rule = "" if api_key else f"ssl_client_certificate {folder}/ca.pem; ssl_verify_client on;"
    key_rule = f'if ($http_authorization != "Bearer {api_key}") {{ return 401; }}' if api_key else ""
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in _FOLDERS)
    config = folder / "nginx.conf"
    config.write_text(
        CONFIG.format(
            folder=folder, temporary=temporary, port=port, rule=rule, key_rule=key_rule, upstream=upstream
        ),
        encoding="utf-8",
    )
    with subprocess.Popen(["/usr/sbin/nginx", "-c", str(config), "-e", str(folder / "start.log")]) as process:
        try:
            yield f"localhost:{port}"
        finally:
            process.terminate()


def _openssl(folder: Path, *arguments: str) -> None:
    ended = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
