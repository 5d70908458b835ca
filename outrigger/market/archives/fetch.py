"""One archive over HTTP: patient with a busy host, strict about what it sends.

429 and 5xx are answered by waiting (what `Retry-After` says, else 1, 2, 4, … seconds, at most a minute)
and asking again, and so are broken connections; a 404 means that the day was not published. A file
counts only when its SHA-256 is the one in the `.CHECKSUM` beside it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from outrigger.market.archives.archive_file import csv_bytes
from outrigger.market.archives.refusal import ArchiveError, Refusal

ATTEMPTS: Final = 5
LONGEST_WAIT_S: Final = 60.0
TIMEOUT_S: Final = 60.0

Wait = Callable[[float], Awaitable[None]]


class RefusedFileError(ArchiveError):
    """A file that arrived and cannot be used.

    Parameters
    ----------
    error : ArchiveError
        Why.
    content : bytes
        What arrived.
    """

    def __init__(self, error: ArchiveError, content: bytes) -> None:
        super().__init__(error.refusal, str(error))
        self.content = content


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches archives from one host.

    Parameters
    ----------
    session : aiohttp.ClientSession
        Open session.
    wait : callable, optional
        Waits for a number of seconds.
    attempts : int, optional
        How often to ask in all.
    """

    session: aiohttp.ClientSession
    wait: Wait = field(default=asyncio.sleep)
    attempts: int = ATTEMPTS

    async def archive(self, url: str) -> bytes | None:
        """Fetch a zip and verify it.

        Parameters
        ----------
        url : str
            Its address; that of its checksum ends in `.CHECKSUM`.

        Returns
        -------
        bytes or None
            Its content; None where it was not published.

        Raises
        ------
        RefusedFileError
            If it is an HTML page, truncated, or its checksum is wrong or missing.
        ArchiveError
            If the host could not be reached or did not answer properly in all attempts.
        """
        content = await self._get(url)
        if content is None:
            return None
        name = url.rsplit("/", 1)[-1]
        try:
            csv_bytes(content, name)
            _verify(content, await self._get(url + ".CHECKSUM"), name)
        except ArchiveError as error:
            raise RefusedFileError(error, content) from error
        return content

    async def _get(self, url: str) -> bytes | None:
        problem, refusal = "", Refusal.NO_CONNECTION
        for attempt in range(self.attempts):
            pause = min(2.0**attempt, LONGEST_WAIT_S)
            try:
                async with self.session.get(url, timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as answer:
                    if answer.status == 200:
                        return await answer.read()
                    if answer.status == 404:
                        return None
                    problem, refusal = f"HTTP {answer.status}", Refusal.HTTP_ERROR
                    if answer.status != 429 and answer.status < 500:
                        break
                    pause = _asked_pause(answer.headers.get("Retry-After"), pause)
            except (aiohttp.ClientError, TimeoutError) as error:
                problem, refusal = f"{type(error).__name__}: {error}", Refusal.NO_CONNECTION
            if attempt + 1 < self.attempts:
                await self.wait(pause)
        raise ArchiveError(refusal, f"{url}: {problem}; run the download again later, it resumes")


def _asked_pause(header: str | None, usual: float) -> float:
    """Seconds to wait: what the host asks for, within reason."""
    if header is None or not header.isdigit():
        return usual
    return min(max(float(header), usual), LONGEST_WAIT_S)


def _verify(content: bytes, checksum: bytes | None, name: str) -> None:
    stated = (checksum or b"").decode(errors="replace").split()
    if not stated or len(stated[0]) != 64:
        raise ArchiveError(Refusal.NO_CHECKSUM, f"{name}: no SHA-256 is published beside it; it is not used")
    found = hashlib.sha256(content).hexdigest()
    if found != stated[0].lower():
        raise ArchiveError(
            Refusal.WRONG_CHECKSUM,
            f"{name}: SHA-256 is {found[:12]}…, {stated[0][:12]}… was published; download it again",
        )
