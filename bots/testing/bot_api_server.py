"""A Bot API server on loopback that behaves as the real one does for the methods that we call.

After https://core.telegram.org/bots/api: the `ok`/`result`/`description` envelope, 401 for an unknown token, 409 for
getUpdates while a webhook is set, confirmation of updates by the next call's offset, https addresses for webhooks.
"""

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class BotApiServer:
    """Use it in a `with` block; `root` is what a bot's `api_root` must be."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.updates: list[dict[str, Any]] = []
        self.webhook: dict[str, Any] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failures: deque[tuple[int, bytes]] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def fail_once(self, status: int, description: str = "", **parameters: Any) -> None:
        """Answer the next call with an error, as the real server words it."""
        envelope = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
        self.failures.append((status, json.dumps(envelope).encode()))

    def fail_once_raw(self, status: int, body: bytes) -> None:
        """Answer the next call with something that isn't the Bot API's, as a proxy in between might."""
        self.failures.append((status, body))

    def answer(self, path: str, arguments: dict[str, Any]) -> tuple[int, bytes]:
        token, _slash, method = path.removeprefix("/bot").partition("/")
        self.calls.append((method, arguments))
        if self.failures:
            return self.failures.popleft()
        if token != self.token:
            return _refusal(401, "Unauthorized")
        methods = {
            "getMe": self._get_me, "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook, "deleteWebhook": self._delete_webhook,
        }  # fmt: skip
        return methods[method](arguments) if method in methods else _refusal(404, "Not Found: method not found")

    def _get_me(self, arguments: dict[str, Any]) -> tuple[int, bytes]:
        return _success({"id": 1, "is_bot": True, "first_name": "bot", "username": "test_bot"})

    def _get_updates(self, arguments: dict[str, Any]) -> tuple[int, bytes]:
        if self.webhook:
            return _refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        self.updates = [update for update in self.updates if update["update_id"] >= arguments.get("offset", 0)]
        return _success(self.updates[: arguments.get("limit", 100)])

    def _set_webhook(self, arguments: dict[str, Any]) -> tuple[int, bytes]:
        if not arguments.get("url", "").startswith("https://"):
            return _refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        self.webhook = arguments
        return _success(True)

    def _delete_webhook(self, arguments: dict[str, Any]) -> tuple[int, bytes]:
        self.webhook = {}
        return _success(True)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                status, body = server.answer(self.path, json.loads(self.rfile.read(length) or b"{}"))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Say nothing: the path holds the token."""

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _success(result: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"ok": True, "result": result}).encode()


def _refusal(status: int, description: str) -> tuple[int, bytes]:
    return status, json.dumps({"ok": False, "error_code": status, "description": description}).encode()
