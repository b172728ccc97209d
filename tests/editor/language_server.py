"""A client of yaml-language-server speaks LSP with it, as an editor does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "editor" / "node_modules" / ".bin" / "yaml-language-server"
CURSOR = "|"
"""In the texts of tests, it stands where the cursor is."""

CAPABILITIES = {
    "workspace": {"configuration": True},
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
    },
}


@dataclass(frozen=True)
class Cursor:
    """A text, and a position in it, counted from 0."""

    text: str
    line: int
    character: int

    @classmethod
    def find(cls, marked: str) -> Cursor:
        """Find the cursor in a text, and take its mark away."""
        before, _, after = marked.partition(CURSOR)
        return cls(before + after, before.count("\n"), len(before) - before.rfind("\n") - 1)

    @property
    def position(self) -> dict[str, int]:
        return {"line": self.line, "character": self.character}


@dataclass
class LanguageServer:
    """A running language server, and the documents that are open in it."""

    process: subprocess.Popen[bytes]
    settings: dict[str, Any]
    _requests: int = 0
    _documents: int = 0
    diagnostics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What is wrong with each document, by its address."""

    def complete(self, marked: str) -> list[dict[str, Any]]:
        """What the editor offers at the cursor."""
        cursor = Cursor.find(marked)
        return list(self._ask_at("textDocument/completion", cursor)["items"])

    def hover(self, marked: str) -> str:
        """What the editor shows of the word at the cursor, as Markdown."""
        shown = self._ask_at("textDocument/hover", Cursor.find(marked))
        return str(shown["contents"]["value"]) if shown else ""

    def find_problems(self, text: str) -> list[tuple[str, str]]:
        """Find what the editor underlines: the words, and what it says of them."""
        uri = self._open(text)
        while uri not in self.diagnostics:
            self._receive()
        lines = text.splitlines()
        return [
            (lines[start["line"]][start["character"] : end["character"]], each["message"])
            for each in self.diagnostics[uri]
            for start, end in [(each["range"]["start"], each["range"]["end"])]
        ]

    def _ask_at(self, method: str, cursor: Cursor) -> Any:
        uri = self._open(cursor.text)
        return self.ask(method, {"textDocument": {"uri": uri}, "position": cursor.position})

    def _open(self, text: str) -> str:
        self._documents += 1
        uri = (ROOT / "definitions" / f"open-{self._documents}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def ask(self, method: str, params: Any) -> Any:
        """Send a request, and wait for the answer to it."""
        self._requests += 1
        self._send({"id": self._requests, "method": method, "params": params})
        while (message := self._receive()).get("id") != self._requests or "method" in message:
            pass
        assert "error" not in message, message["error"]
        return message["result"]

    def notify(self, method: str, params: Any) -> None:
        """Send a message that has no answer."""
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        """Take one message, and do at once what the server wants by it."""
        assert self.process.stdout
        length = 0
        while header := self.process.stdout.readline().strip():
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            sections = [item["section"] for item in message.get("params", {}).get("items", ())]
            self._send({"id": message["id"], "result": [self.settings.get(section) for section in sections]})
        return message


@contextmanager
def run_language_server(schema: Path) -> Iterator[LanguageServer]:
    """Run the language server. It checks all documents by `schema`, and loads nothing from the network."""
    settings = {"yaml": {"schemas": {schema.as_uri(): "*.yaml"}, "schemaStore": {"enable": False}}}
    with subprocess.Popen([PROGRAM, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        server = LanguageServer(process, settings)
        server.ask("initialize", {"processId": None, "rootUri": None, "capabilities": CAPABILITIES})
        server.notify("initialized", {})
        while server._receive().get("method") != "workspace/configuration":
            pass
        try:
            yield server
        finally:
            server.ask("shutdown", None)
            server.notify("exit", None)
