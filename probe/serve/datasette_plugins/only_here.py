"""A plug-in of Datasette: answers nobody but this machine's own browser, and lets pages run little.

Loaded by Datasette from this folder, perhaps in another environment: it imports nothing of ours.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from datasette import hookimpl

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# A page elsewhere may give its own name this machine's address, and then read what is served here
# ("DNS rebinding"): its name is in the header all the same.
_HERE = frozenset({b"127.0.0.1", b"localhost"})
# Datasette's pages bring their scripts along; nothing is fetched from, or sent to, anybody else.
_POLICY = (
    b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def asgi_wrapper() -> Callable[[App], App]:
    """Return what stands between Datasette and whoever asks."""
    return guarded


def guarded(app: App) -> App:
    """Return the application, for this machine only."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        host = dict(scope["headers"]).get(b"host", b"").rpartition(b":")[0] or b""
        if host not in _HERE or scope["method"] not in {"GET", "HEAD"}:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"Only for this machine, to read.\n"})
            return

        async def with_policy(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                added = [
                    (b"content-security-policy", _POLICY), (b"referrer-policy", b"no-referrer"),
                    (b"cross-origin-resource-policy", b"same-origin"),
                ]  # fmt: skip
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        await app(scope, receive, with_policy)

    return answer
