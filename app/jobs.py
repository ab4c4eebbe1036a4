"""Long work: done in a thread of its own, watched and cancelled by id."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from app.errors import AppError, NotFound

Progress = Callable[[int, int], None]

KEPT = 50  # finished jobs that are remembered
_log = logging.getLogger(__name__)


class Cancelled(AppError):
    """The person stopped the job; it left nothing behind."""

    status = 409
    hint = "Nothing was changed."


class Broken(AppError):
    """The work failed in a way that nobody foresaw."""

    status = 500
    hint = "What happened stands in the terminal where RoleThread runs."


@dataclass(slots=True)
class Job:
    """One piece of long work. ``total`` is 0 while nobody knows; ``done`` and ``total`` are in ``unit``."""

    id: str
    title: str
    unit: str = "bytes"
    done: int = 0
    total: int = 0
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    error: AppError | None = None
    result: Any = None
    context: Any = None
    _watched: bool = False  # whether it looks, now and then, if it shall stop
    _began: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def finished(self) -> bool:
        """Whether it ended, well or badly."""
        return self.finished_at is not None

    @property
    def cancelling(self) -> bool:
        """Whether it was told to stop and has not yet done so."""
        return self._stop.is_set() and not self.finished

    @property
    def stoppable(self) -> bool:
        """Whether telling it to stop would still stop it."""
        under_way = self._watched and not (self.total and self.done >= self.total)
        return under_way and not self.finished and not self._stop.is_set()

    @property
    def seconds_left(self) -> float | None:
        """A guess at how long it will still take; None while there is nothing to guess from."""
        if self.finished or not self.total or not self.done:
            return None
        spent = time.monotonic() - self._began
        return spent * max(0, self.total - self.done) / self.done

    def progress(self, done: int, total: int) -> None:
        """Note how far it is.

        :raises Cancelled: if the person wants it to stop.
        """
        if self._stop.is_set():
            raise Cancelled(f"{self.title} was cancelled.")
        self.done, self.total, self._watched = done, total, True

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, but no longer than that; whether it has."""
        return self._over.wait(seconds)


_jobs: dict[str, Job] = {}
_lock = threading.Lock()


def start(title: str, work: Callable[[Progress], Any], *, unit: str = "bytes", context: Any = None) -> Job:
    """Begin a job; ``work`` is called with its progress function, and what it returns is the result.

    Jobs do not outlive the process.

    :param context: what the job's page needs beside it.
    """
    job = Job(uuid4().hex[:12], title, unit, context=context)
    with _lock:
        _jobs[job.id] = job
        for old in [each.id for each in _jobs.values() if each.finished][:-KEPT]:
            del _jobs[old]
    threading.Thread(target=_run, args=(job, work), name=f"job-{job.id}", daemon=True).start()
    return job


def _run(job: Job, work: Callable[[Progress], Any]) -> None:
    try:
        job.result = work(job.progress)
    except AppError as error:
        job.error = error
    except Exception as error:  # a thread ends here; its failure would be seen by nobody
        job.error = Broken(f"{job.title} failed: {type(error).__name__}: {error}")
        _log.exception("job failed")
    finally:
        job.finished_at = datetime.now(UTC)
        job._over.set()


def get(number: str) -> Job:
    """The job with that id.

    :raises NotFound: if there is none, or it ended long ago.
    """
    with _lock:
        job = _jobs.get(number)
    if job is None:
        raise NotFound(
            "There is no such job.", "Jobs are forgotten when the server stops; what they finished stays."
        )
    return job


def all() -> list[Job]:
    """All jobs, newest first."""
    with _lock:
        return list(reversed(_jobs.values()))


def forget(number: str) -> None:
    """Take a job off the list; nothing if it is not on it."""
    with _lock:
        _jobs.pop(number, None)


def cancel(number: str) -> Job:
    """Tell a job to stop; it does so at its next step."""
    job = get(number)
    job._stop.set()
    return job
