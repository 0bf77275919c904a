"""What stands between the socket and the pages: address, host names, headers, upload quota, log.

None of it depends on app.py having run for a visit: a cold server may run a page file on its own.
"""

import ipaddress
import logging
import secrets
import sys
import traceback
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import get_instance

from core.errors import AppError, ConfigError
from pages.parts import resources

ROOT = Path(__file__).resolve().parents[2]

CONTENT_POLICY = (
    "default-src 'self'; "
    "script-src 'self' blob:; "  # blob: for components of version 2
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "connect-src 'self'; "
    "worker-src 'self' blob:; "
    "frame-src 'self'; "
    "object-src 'none'; "
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
STARTS = {"http.response.start", "websocket.http.response.start"}

UPLOAD_PATH = "/_stcore/upload_file/"
SESSION_FILES, ALL_FILES = 2, 6  # files of the largest size that may wait in memory


# ---- address ------------------------------------------------------------------------------


def is_local(address: str | None) -> bool:
    """Can only this machine reach it? None means every interface."""
    if not address:
        return False
    if address == "localhost" or address.startswith("unix://"):
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def check_address() -> None:
    """Ends the start with a sentence when a setting is wrong or strangers could reach the app."""
    address = st.get_option("server.address")
    try:
        if not resources.settings().allow_remote and not is_local(address):
            raise ConfigError(
                f"Roadlens has no login, so it does not listen on {address or 'every address'}. "
                "Start it on 127.0.0.1, or set ROADLENS_ALLOW_REMOTE=true when something in front of it "
                "decides who may come in."
            )
    except ConfigError as error:
        sys.exit(str(error))


# ---- requests and answers -----------------------------------------------------------------


class SecurityHeaders:
    """Adds HEADERS to every answer, refusals of a websocket too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] in STARTS:
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class UploadQuota:
    """Answers 429 when the files held in memory, of one session or of all, would pass the cap."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.arriving: dict[str, int] = {}  # session -> bytes announced and not stored yet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or UPLOAD_PATH not in scope["path"]:
            return await self.app(scope, receive, send)
        session = scope["path"].split(UPLOAD_PATH)[1].split("/")[0]
        largest = st.get_option("server.maxUploadSize") * 2**20
        size = announced_size(scope, largest)
        held = held_bytes()
        mine = held.get(session, 0) + self.arriving.get(session, 0) + size
        total = sum(held.values()) + sum(self.arriving.values()) + size
        if mine > SESSION_FILES * largest or total > ALL_FILES * largest:
            refusal = PlainTextResponse("Too many files are waiting. Try again in a minute.", 429)
            return await refusal(scope, receive, send)
        self.arriving[session] = self.arriving.get(session, 0) + size
        try:
            return await self.app(scope, receive, send)
        finally:
            self.arriving[session] -= size
            if not self.arriving[session]:
                del self.arriving[session]


def announced_size(scope: Scope, largest: int) -> int:
    """Bytes the client says it sends; without a believable word, the largest that is let through."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return min(int(length), largest) if length.isdigit() else largest


def held_bytes() -> dict[str, int]:
    """Session -> bytes of the uploads that Streamlit keeps in memory."""
    storage = get_instance().uploaded_file_mgr.file_storage
    return {
        session: sum(len(file.data) for file in list(files.values()))
        for session, files in list(storage.items())
    }


def server_error(request: Request, error: Exception) -> PlainTextResponse:
    """The answer when the server itself fails, made outside the middleware and so with headers of its own."""
    return PlainTextResponse(f"Something went wrong (reference {reference(error)}).", 500, headers=HEADERS)


def home(request: Request) -> RedirectResponse:
    """Streamlit shows its first page at / alone; every other page has its file name as its address."""
    return RedirectResponse(f"/?{request.url.query}")


ROUTES = [Route("/home", home)]
HOSTS = st.get_option("server.allowedHosts") or ["*"]
MIDDLEWARE = [
    Middleware(SecurityHeaders),
    # Streamlit checks the host of websockets only.
    Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
    Middleware(UploadQuota),
    Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
]


# ---- log ----------------------------------------------------------------------------------


def reference(error: BaseException) -> str:
    """Six characters that join what the screen says with the line in the log; fixed per exception."""
    if not hasattr(error, "roadlens_reference"):
        error.roadlens_reference = secrets.token_hex(3).upper()
    return error.roadlens_reference


def frames(error: BaseException) -> str:
    """Type and places of an exception and its causes. No message: it may quote someone's feedback."""
    places = [
        f"{shown_path(frame.filename)}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__, limit=-12)
    ]
    line = f"{type(error).__name__} at {' > '.join(places) or 'no frame'}"
    cause = error.__cause__ or error.__context__
    return f"{line}; caused by {frames(cause)}" if cause else line


def shown_path(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else "/".join(path.parts[-2:])


class NoMessages(logging.Filter):
    """Replaces a logged exception by its reference, type and frames."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            what = "Told the person" if isinstance(error, AppError) else "Failed"
            record.msg = f"{what} (reference {reference(error)}): {frames(error)}"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True


def keep_messages_out_of_the_log() -> None:
    for name in ("streamlit.error_util", "uvicorn.error"):
        logging.getLogger(name).addFilter(NoMessages())
