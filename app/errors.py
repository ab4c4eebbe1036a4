"""Failures that were foreseen: what is said to the person, and what to do next."""

from typing import Any


class AppError(Exception):
    """A failure we foresaw.

    ``status`` is the HTTP status the web layer answers with. ``hint`` is one
    sentence telling the person what to do next; it is shown beneath the message.
    ``details`` holds values that a page or a test needs beside the words.
    """

    status = 400
    hint = ""

    def __init__(self, message: str, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or type(self).hint
        self.details = details


class Refused(AppError):
    """What was asked for cannot be done as it stands."""


class NotFound(AppError):
    """The thing that was named is not there."""

    status = 404
    hint = "Go back to the library and pick it from the list."


class Moved(NotFound):
    """The dataset was renamed; ``details["slug"]`` is its present name."""


class Conflict(AppError):
    """Something that happened in between stands in the way."""

    status = 409


class StaleEdit(Conflict):
    """The entry changed after the editor was opened; ``details["current"]`` is its present line."""

    hint = "Compare both versions, then save again."


class ChangedOutside(Conflict):
    """The dataset's file is not the one that the library last wrote or read."""

    hint = "Open the dataset and choose which version to keep; both are safe until you do."


class NotEditable(AppError):
    """The entry's text cannot be rewritten without losing something."""

    status = 422
    hint = "It can be read, moved, exported as it stands and deleted."


class StoreError(AppError):
    """The disk refused; the old files stand as they were."""

    status = 507
    hint = "Nothing was changed. Check free space and permissions, then try again."


class Unfinished(StoreError):
    """The disk refused after the commit: it has happened, and the files follow."""

    hint = (
        "What you did is recorded, and is put in place with the next operation or the next start."
        " Check free space and permissions."
    )


class Busy(AppError):
    """Another operation holds the writer lock for longer than we wait."""

    status = 503
    hint = "Wait for the running job to end, then try again."


class RegistryTooNew(AppError):
    """The registry was written by a later version of the app."""

    status = 500
    hint = "Start the newer version, or restore a registry backup made by this one."
