"""How requests to a provider of models travel: to checked addresses, within limits, tried again.

Loads httpx2, so it is imported only where a model is called. Knows the addresses' rules
(convoai/outbound.py) and nothing else of ours.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx2

from convoai.outbound import (
    LISTED_IN,
    PORTS,
    Endpoint,
    ForbiddenHost,
    RequestFailed,
    public_addresses,
    resolve,
)

# The answer of a language model has some kilobytes.
MOST_BYTES = 1_000_000
TRIES = 3
# Seconds before the second try; doubled for the third. A provider may ask for more; beyond the
# limit the request is given up, and what becomes of it is the caller's affair.
PAUSE = 1.0
LONGEST_PAUSE = 20.0
# Statuses after which the same request may well be answered.
RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class ProviderFailed(RequestFailed):
    """One try at a request failed; another one may not."""


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends each request to an address that was looked up and checked for it, and nowhere else.

    Redirects are failures, and an answer is read to its end here, so that its size and its time are
    bounded. Raises RequestFailed when the last try failed, or when there is no use in another.
    """

    def __init__(
        self,
        *,
        allowed: Collection[str],
        timeout: float,
        listed_in: str = LISTED_IN,
        pause: float = PAUSE,
        most_bytes: int = MOST_BYTES,
        lookup: Callable[[Endpoint], list[str]] = resolve,
    ) -> None:
        self.allowed = allowed
        self.listed_in = listed_in
        self.most_bytes = most_bytes
        self.timeout = timeout
        self.pause = pause
        self.lookup = lookup
        self.inner = httpx2.AsyncHTTPTransport(retries=0)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        for attempt in range(TRIES):
            try:
                return await self._try(request)
            except ProviderFailed as failure:
                # Who asks for more time than a request may wait is not asked before it is over.
                if attempt + 1 == TRIES or failure.after > LONGEST_PAUSE:
                    raise
                # Those who were turned away together must not come back together.
                wait = self.pause * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
                await asyncio.sleep(max(wait, failure.after))
        raise AssertionError("unreachable: the last try returns or raises")

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def _try(self, request: httpx2.Request) -> httpx2.Response:
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._connected(request)
                try:
                    return await self._whole(request, response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx2.TimeoutException):
            raise ProviderFailed(f"no answer within {self.timeout:g} seconds") from None
        except httpx2.HTTPError:
            raise ProviderFailed("the provider could not be reached") from None

    async def _connected(self, request: httpx2.Request) -> httpx2.Response:
        """The beginning of the answer from the first address that takes a connection."""
        addresses = await self._addresses(request.url)
        for address in addresses[:-1]:
            try:
                return await self.inner.handle_async_request(await pinned(request, address))
            except httpx2.ConnectError:
                # localhost means ::1 as well, where few servers listen.
                continue
        return await self.inner.handle_async_request(await pinned(request, addresses[-1]))

    async def _addresses(self, url: httpx2.URL) -> list[str]:
        """Where a request to this URL may go, looked up now."""
        port = url.port or PORTS[url.scheme]
        endpoint = Endpoint(url.scheme, url.host.rstrip("."), port)
        found = await asyncio.to_thread(self.lookup, endpoint)
        if not found:
            raise ProviderFailed("the provider's host is unknown")
        try:
            return public_addresses(endpoint, found, self.allowed, listed_in=self.listed_in)
        except ForbiddenHost as error:
            reason = f"the provider's address was refused: {error}"
            raise RequestFailed(reason, permanent=True) from None

    async def _whole(self, request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
        status = response.status_code
        if status in RETRIED:
            raise ProviderFailed(f"the provider answered {status}", after=seconds_asked(response))
        if status >= 300:
            # A wrong key, an unknown model, a redirect: the same request is answered the same.
            raise RequestFailed(f"the provider answered {status}", permanent=True)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ProviderFailed("the provider's answer is packed, which was not asked for")
        if "json" not in response.headers.get("content-type", "").lower():
            raise ProviderFailed("the provider's answer is not JSON")
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > self.most_bytes:
                raise RequestFailed(f"the provider's answer is over {self.most_bytes:,} bytes")
        headers = {"content-type": "application/json"}
        return httpx2.Response(status, headers=headers, content=bytes(body), request=request)


# Said anew for the request that is sent.
SET = frozenset({b"accept-encoding", b"content-length", b"transfer-encoding"})


async def pinned(request: httpx2.Request, address: str) -> httpx2.Request:
    """The request with a number for a host: the one that was checked, not a later answer."""
    # The Host header is there already, and the certificate must be that of the name.
    headers = [(name, value) for name, value in request.headers.raw if name.lower() not in SET]
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=[*headers, (b"Accept-Encoding", b"identity")],
        content=await request.aread(),
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


def seconds_asked(response: httpx2.Response) -> float:
    """The seconds of a Retry-After header, a number or a date; 0 without one that makes sense."""
    asked: str = response.headers.get("retry-after", "")
    if asked.isdecimal() and asked.isascii() and len(asked) < 6:
        return float(asked)
    try:
        moment = parsedate_to_datetime(asked)
        left = (moment - datetime.now(moment.tzinfo)).total_seconds()
    except (ValueError, OverflowError):
        return 0.0
    return min(max(left, 0.0), 99_999.0)


def client(transport: httpx2.AsyncBaseTransport, timeout: float | None) -> httpx2.AsyncClient:
    """A client that goes through `transport` alone: no proxies, no redirects."""
    return httpx2.AsyncClient(
        transport=transport,
        # The transport counts the time of each try; here only the rest is bounded.
        timeout=httpx2.Timeout(timeout),
        trust_env=False,
        follow_redirects=False,
    )
