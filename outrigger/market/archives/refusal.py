"""Why a whole archive file was refused, by name.

A file is refused only where nothing in it can be trusted; what merely hurts some of its values is a
`Defect`. The name goes into reports, the message to the reader.
"""

from __future__ import annotations

from enum import StrEnum

from outrigger.errors import DataError


class Refusal(StrEnum):
    """Kinds of refused files."""

    HTML = "html_instead_of_zip"
    TRUNCATED_ZIP = "truncated_zip"
    NOT_AN_ARCHIVE = "not_an_archive"
    WRONG_CHECKSUM = "wrong_checksum"
    NO_CHECKSUM = "no_checksum"
    UNREADABLE = "unreadable"
    HTTP_ERROR = "http_error"
    NO_CONNECTION = "no_connection"


class ArchiveError(DataError):
    """An archive file that cannot be used as a whole.

    Parameters
    ----------
    refusal : Refusal
        Why.
    message : str
        What is wrong, where, and what to do.
    """

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal
