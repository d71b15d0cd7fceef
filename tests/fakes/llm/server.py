"""The scripted model behind a real socket on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes.llm import wires
from tests.fakes.llm.script import Act, Cut, Drip, Hang, Say, Status

WIRES: dict[str, Callable[[Act], Iterator[wires.Event]]] = {
    "/v1/messages": wires.messages,
    "/v1/responses": wires.responses,
    "/v1/chat/completions": wires.chat,
}


class ScriptedModel:
    """`with ScriptedModel([...]) as model`: `model.url`, and every request's JSON in `model.asked`.

    A script may be a function of the request, for models that react.
    """

    def __init__(self, script: Sequence[Act] | Callable[[dict[str, Any]], Act]) -> None:
        self._script = script
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ScriptedModel:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def next_act(self, body: dict[str, Any], headers: dict[str, str]) -> Act:
        with self._lock:
            place = len(self.asked)
            self.asked.append(body)
            self.headers.append(headers)
        if callable(self._script):
            return self._script(body)
        return self._script[min(place, len(self._script) - 1)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                act = model.next_act(body, {name.lower(): value for name, value in self.headers.items()})
                wire = WIRES.get(self.path)
                if wire is None or isinstance(act, Status):
                    self._refuse(act if isinstance(act, Status) else Status(404))
                    return
                if isinstance(act, Hang):
                    model.over.wait(act.seconds)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self._stream(wire, act)

            def _refuse(self, act: Status) -> None:
                error = {"type": act.kind or "api_error", "code": act.kind or None, "message": "as scripted"}
                body = json.dumps({"type": "error", "error": error}).encode()
                self.send_response(act.code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if act.retry_after is not None:
                    self.send_header("Retry-After", act.retry_after)
                self.end_headers()
                self.wfile.write(body)

            def _stream(self, wire: Callable[[Act], Iterator[wires.Event]], act: Act) -> None:
                said = (
                    Say("drop by drop " * 400)
                    if isinstance(act, Drip)
                    else Say(act.text * 3)
                    if isinstance(act, Cut)
                    else act
                )
                try:
                    for number, event in enumerate(wire(said)):
                        if isinstance(act, Cut) and number == 3:
                            return
                        if isinstance(act, Drip) and model.over.wait(act.every):
                            return
                        self.wfile.write(wires.encoded(event))
                        self.wfile.flush()
                except (BrokenPipeError, ConnectionResetError):  # the other side has heard enough
                    time.sleep(0)

        return Handler
