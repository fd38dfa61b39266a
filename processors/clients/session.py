"""Requests to one server over aiohttp, of which each comes back whole.

httpx took four times as much processor time (docs/decisions/025-aiohttp-for-requests.md). Errors are httpx's, for
whoever tells them apart; where a proxy stands between, `processors.clients.connection` takes httpx itself.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

# A server that is there takes a connection in milliseconds; ten seconds let a lost packet or two be sent again.
CONNECT_S = 10.0
# Who speaks TLS answers a handshake as soon as anything else.
HANDSHAKE_S = 3.0
# An idle connection is kept so long: proxies close theirs after about a minute, and one more is cheap.
KEEP_ALIVE_S = 60.0
# aiohttp's limit of 8 KB for a header is less than some gateways' policies and cookies.
MOST_HEADER = 2**16
# Bytes of a response, unpacked: a hundred times what the longest answers have, log-probabilities of a prompt included.
# A server that sends on and on, or packs nothing into little, would fill the memory.
MOST_BODY = 2**24

# What OpenSSL calls words of another protocol in the place of a handshake.
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
_BREAKS = re.compile(r"[\r\n\0]")


class NotHttp(httpx.RemoteProtocolError):
    """What came is of another protocol: that of a mail server, a database, a secure shell."""


class TooLarge(httpx.RemoteProtocolError):
    """A response without end."""

    def __init__(self) -> None:
        super().__init__(f"a response of more than {MOST_BODY / 2**20:.0f} MiB, broken off")


class WrongScheme(httpx.ConnectError):
    """No try by this address comes to anything: no TLS is spoken there, or by nobody to be trusted."""


async def speaks_tls(url: httpx.URL) -> bool:
    """Whether somebody there takes a TLS handshake, whatever the certificate. No request is sent."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            _, writer = await asyncio.open_connection(url.host, url.port or 80, ssl=tls)
    except (OSError, TimeoutError):
        return False
    writer.transport.abort()
    return True


async def whole_body(pieces: AsyncIterable[bytes]) -> bytes:
    """The pieces of a response's body together. Raises TooLarge."""
    found, size = [], 0
    async for piece in pieces:
        size += len(piece)
        if size > MOST_BODY:
            raise TooLarge
        found.append(piece)
    return b"".join(found)


class SessionResponse(NamedTuple):
    """A whole response; `headers` has lower-case names."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class SessionHeaders:
    """What all requests to one server carry, its key among it; shown to nobody."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        # Of the encodings that aiohttp may name by itself, some need a library that may not be there at the other end.
        usual = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "smolkalam"}
        named = {name.lower(): (name, value) for name, value in {**usual, **headers}.items()}
        if any(_BREAKS.search(name + value) for name, value in named.values()):
            raise httpx.LocalProtocolError("a header's value is broken over lines")
        self._headers = dict(named.values())

    def __repr__(self) -> str:
        return "<headers>"

    def of_session(self) -> dict[str, str]:
        """By their names."""
        return self._headers


class Session:
    """As many connections as there are requests in flight, kept for the next ones.

    `url` is any of the server's; `socket` is the path of a Unix socket in the place of its host and port.
    """

    def __init__(
        self, url: httpx.URL, headers: SessionHeaders, tls: ssl.SSLContext | None, socket: str | None = None
    ) -> None:
        self._url = url
        self._headers = headers
        self._tls = tls
        self._socket = socket
        self._client: aiohttp.ClientSession | None = None
        # By target: read once, and not with each request.
        self._urls: dict[bytes, URL] = {}

    async def request(self, method: str, target: bytes, body: bytes | None = None) -> SessionResponse:
        """One request, of which the whole response has come. Raises httpx's errors; whoever calls bounds the time.

        A redirect is not followed: POST would become GET, and the key belongs to this host alone.
        """
        import aiohttp
        from yarl import URL

        client = self._client = self._client or self._new_client()
        url = self._urls.get(target)
        if url is None:
            url = self._urls[target] = URL(str(self._url.copy_with(raw_path=target)), encoded=True)
        reused: list[bool] = []
        while True:
            try:
                sent = client.request(method, url, data=body, allow_redirects=False, trace_request_ctx=reused)
                async with sent as response:
                    told = {name.lower(): value for name, value in response.headers.items()}
                    try:
                        return SessionResponse(response.status, told, await whole_body(response.content.iter_any()))
                    except TooLarge:
                        # What is left of it is not waited for.
                        response.close()
                        raise
            except (aiohttp.ClientError, OSError, UnicodeError) as error:
                if not (reused and _never_sent(error)):
                    raise _told(error) from error
                # The server had closed a connection that was kept, and the news had not come yet.
                reused.clear()

    async def aclose(self) -> None:
        """End its connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _new_client(self) -> "aiohttp.ClientSession":
        import aiohttp

        connector: aiohttp.BaseConnector
        if self._socket is not None:
            connector = aiohttp.UnixConnector(self._socket, limit=0, keepalive_timeout=KEEP_ALIVE_S)
        else:
            # The pacer keeps their number within `concurrency`.
            connector = aiohttp.TCPConnector(ssl=self._tls or True, limit=0, keepalive_timeout=KEEP_ALIVE_S)
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_mark)
        return aiohttp.ClientSession(
            connector=connector,
            trace_configs=[trace],
            headers=self._headers.of_session(),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            max_line_size=MOST_HEADER,
            max_field_size=MOST_HEADER,
        )


async def _mark(client: object, context: Any, of: object) -> None:
    """Mark that a request has a connection which carried another one before."""
    context.trace_request_ctx.append(True)


def _never_sent(error: Exception) -> bool:
    """Whether a connection broke under a request's hands, which is another thing than one without an answer."""
    import aiohttp

    broke = isinstance(error, aiohttp.ClientOSError | aiohttp.ClientConnectionResetError)
    return broke and not isinstance(error, aiohttp.ClientConnectorError)


def _told(error: Exception) -> httpx.HTTPError:
    """An error of aiohttp's as httpx would tell it."""
    import aiohttp

    words = str(error)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return httpx.ConnectTimeout(f"no connection within {CONNECT_S:g} s")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", "") or type(error.certificate_error).__name__
        return WrongScheme(
            f"its certificate is not trusted ({why}); SSL_CERT_FILE may name a file of those that are to be"
        )
    if isinstance(error, aiohttp.ClientConnectorSSLError) and error.os_error.reason in _NO_TLS:
        return WrongScheme("no TLS is spoken there; does base_url begin with http:// and not https://?")
    if isinstance(error, aiohttp.ClientConnectorError):
        return httpx.ConnectError(words)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return httpx.RemoteProtocolError("the connection was closed without a response")
    if isinstance(error, aiohttp.ClientPayloadError):
        if isinstance(error.__cause__, aiohttp.http_exceptions.ContentEncodingError):
            return httpx.DecodingError(words)
        return httpx.RemoteProtocolError("the connection was closed before the response was whole")
    if isinstance(error, aiohttp.ClientResponseError):
        # Its first line is shown behind a line of the parser's, with a mark under it.
        return NotHttp(f"what came is no HTTP response: {' '.join(error.message.split())}")
    if isinstance(error, aiohttp.InvalidURL | UnicodeError):
        return httpx.ConnectError(words)
    return httpx.ReadError(words)


def nobody_listens(error: BaseException | None) -> bool:
    """Whether a connection was refused: httpx says of it no more than that all attempts failed."""
    while error is not None and not isinstance(error, ConnectionRefusedError):
        error = error.__cause__ or error.__context__
    return error is not None


def kind_of(error: Exception) -> str:
    """A short name of such an error, for counting."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "connect"
    if isinstance(error, NotHttp | TooLarge):
        return "not_http" if isinstance(error, NotHttp) else "too_large"
    if isinstance(error, httpx.RemoteProtocolError):
        return "broken_off"
    if isinstance(error, httpx.DecodingError):
        return "not_json"
    return "connection"
