"""Reading a foreign file into a dataset: each record recognised, converted, stamped, or put aside."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from app.config import VERSION
from app.domain.entry import (
    BLOCK,
    Entry,
    NotJson,
    Unfaithful,
    digest,
    faithful,
    loads,
    render,
    respelt,
    strict,
)
from app.domain.facts import facts_of_entry, tags_in
from app.domain.formats import NotConvertible, convert, recognise
from app.domain.formats.later import later_shape
from app.domain.roles import canonical
from app.domain.stamping import stamp
from app.domain.tagging import renamed
from app.errors import Refused
from app.services.reading import Progress
from app.store.decoding import BrokenPacking, open_stream
from app.store.imports import ImportFolder, ImportWriter
from app.store.index import Summary
from app.store.records import Record, open_records

REASONS_SHOWN = 3
_MARK = b"\xef\xbb\xbf"


class TrustBroken(Exception):
    """The file looked like one that the app wrote, and then was not; begin again without trust."""


class _Aside(ValueError):
    """This record is put aside; the text says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import built."""

    dataset_uuid: str
    summary: Summary
    rejected: int
    records: int
    formats: Counter[str]
    notes: list[str]
    carried: set[str]

    def report(self, origin: str, encoding: str | None, size: int) -> dict[str, Any]:
        """What is kept of the import, for its page."""
        return {
            "entries": self.summary.entries,
            "rejected": self.rejected,
            "records": self.records,
            "formats": dict(self.formats),
            "notes": self.notes,
            "sidecar": "none",
            "origin": origin,
            "encoding": encoding,
            "bytes": size,
        }


@dataclass(slots=True)
class _Tally:
    """What a run has seen so far."""

    trusted: str | None  # the one dataset uuid of a file that the app wrote
    dataset_uuid: str
    stamped_at: str
    formats: Counter[str] = field(default_factory=Counter)
    roles: Counter[str] = field(default_factory=Counter)
    seen: set[bytes] = field(default_factory=set)
    reissued: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    looks_like: str = ""
    records: int = 0
    unstamped: int = 0
    carried: set[str] = field(default_factory=set)  # ids of datasets that entries say they belong to
    renamed: Counter[str] = field(default_factory=Counter)  # former tags that were replaced


class Importer:
    """Builds a dataset from one file."""

    def __init__(
        self,
        folder: ImportFolder,
        path: Path,
        encoding: str | None,
        progress: Progress,
        leads: Mapping[str, str] | None = None,
    ) -> None:
        """
        :param leads: former tags, by slug, and what they are called now.
        """
        self._leads = leads or {}
        self._folder = folder
        self._path = path
        self._encoding = encoding
        self._progress = progress

    def run(self, *, trusting: bool) -> Outcome:
        """Read the whole file.

        :param trusting: take a file whose every entry says that the app wrote it as it stands.
        :raises TrustBroken: if, while trusting, an entry turns up that says otherwise.
        :raises Refused: if there is not one readable record.
        """
        tally = _Tally(None, str(uuid4()), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        writer = self._folder.writer()
        try:
            with open_records(self._path, encoding=self._encoding, progress=self._progress) as records:
                for record in records:
                    tally.records += 1
                    self._take(record, writer, tally, trusting=trusting)
                notes = list(records.notes)
            if not writer.entries:
                raise _refusal(tally)
            summary = writer.finish()
        except BaseException:
            writer.abandon()
            raise
        notes += _notes(tally)
        uuid = tally.trusted or tally.dataset_uuid
        return Outcome(uuid, summary, writer.rejected, tally.records, tally.formats, notes, tally.carried)

    def _take(self, record: Record, writer: ImportWriter, tally: _Tally, *, trusting: bool) -> None:
        """Write one record as an entry, or put it aside."""
        try:
            if record.error:
                raise _Aside(record.error)
            text, value, shape = _entry_of(record.raw, tally)
        except (_Aside, NotJson) as reason:
            if len(tally.reasons) < REASONS_SHOWN:
                tally.reasons.append(f"line {record.number}: {reason}")
            writer.reject(record.number, record.offset, record.raw, str(reason))
            return
        text, value = self._renamed(text, value, tally)
        tally.formats[shape] += 1
        first = tally.formats.total() == 1
        if trusting and (first or tally.trusted):
            _check_trust(value, tally, first=first)
        entry = Entry(text, value)
        if BLOCK in value and len(tally.carried) < 2 and entry.dataset_uuid:
            tally.carried.add(entry.dataset_uuid)
        known = entry.uuid
        fresh = known is None or _bytes_of(known) in tally.seen
        uuid = str(uuid4()) if fresh else str(known)
        tally.seen.add(_bytes_of(uuid))
        if fresh and BLOCK in value:
            tally.reissued.append(record.number)
        if fresh or not tally.trusted:
            entry = _stamped(entry, uuid, tally)
        line = entry.raw + b"\n"
        writer.add(line, *facts_of_entry(entry, digest(line)))

    def _renamed(self, text: bytes, value: dict[str, Any], tally: _Tally) -> tuple[bytes, dict[str, Any]]:
        """An entry with the present names of its tags; as it is where it cannot be rewritten."""
        new = renamed(value, self._leads) if self._leads and "tags" in value else value
        if new is value:
            return text, value
        try:
            old, style = faithful(text)
        except Unfaithful:
            return text, value
        tally.renamed.update(self._leads.keys() & tags_in(text).keys())
        new = renamed(old, self._leads)
        return respelt(text, old, new, style), new


def _bytes_of(uuid: str) -> bytes:
    """The number in a uuid, however its letters are spelt."""
    return bytes.fromhex(uuid.replace("-", ""))


def _entry_of(raw: bytes, tally: _Tally) -> tuple[bytes, dict[str, Any], str]:
    """A record as the text and value of an entry, and its shape."""
    value = loads(raw)
    shape = recognise(value)
    if not shape:
        tally.looks_like = tally.looks_like or later_shape(value)
        raise _Aside("unknown shape" if isinstance(value, dict) else "not a JSON object")
    text = raw.strip(b" \t\r")
    if shape == "chatml":
        return text, value, shape
    try:
        converted = convert(strict(text), shape)
    except Unfaithful as reason:
        raise _Aside(f"it cannot be converted without losing something: {reason}") from reason
    except NotConvertible as reason:
        raise _Aside(str(reason)) from reason
    tally.roles.update(converted.roles)
    return render(converted.value), converted.value, shape


def _check_trust(value: dict[str, Any], tally: _Tally, *, first: bool) -> None:
    """Go on trusting, or find at the first entry that there is nothing to trust."""
    block = value.get(BLOCK)
    uuid = Entry(b"", value).dataset_uuid
    native = isinstance(block, dict) and block.get("native") is True and uuid is not None
    if first:
        tally.trusted = uuid if native else None
    elif not native or uuid != tally.trusted:
        raise TrustBroken


def _stamped(entry: Entry, uuid: str, tally: _Tally) -> Entry:
    """The entry with the app's block; left as it is where that place is taken by something else."""
    held = entry.value.get(BLOCK)
    if BLOCK in entry.value and not isinstance(held, dict):
        tally.unstamped += 1
        return entry
    block = dict(held or {})
    block.update(
        version=VERSION,
        native=True,
        validated_at=tally.stamped_at,
        entry_uuid=uuid,
        dataset_uuid=tally.trusted or tally.dataset_uuid,
    )
    text = stamp(entry.raw, entry.value, block)
    return Entry(text, {**entry.value, BLOCK: block})


def _refusal(tally: _Tally) -> Refused:
    if not tally.records:
        return Refused(
            "The file holds no record.", "Nothing was created. A dataset needs at least one conversation."
        )
    first = "; ".join(tally.reasons)
    known = f" This looks like {tally.looks_like}, which cannot be read yet." if tally.looks_like else ""
    return Refused(
        f"None of the {tally.records} records can be read as a conversation ({first}).{known}",
        "Nothing was created. ChatML and ShareGPT can be opened.",
        records=tally.records,
        reasons=tally.reasons,
    )


def _notes(tally: _Tally) -> list[str]:
    notes = []
    mapped = ", ".join(
        f"{label} → {canonical(label)} ({count})" for label, count in sorted(tally.roles.items())
    )
    if mapped:
        notes.append(f"Roles were mapped: {mapped}.")
    if tally.renamed:
        gone = ", ".join(f"{slug} ({count})" for slug, count in sorted(tally.renamed.items()))
        notes.append(f"Former names of tags were replaced by the present ones: {gone}.")
    if tally.reissued:
        lines = ", ".join(map(str, tally.reissued[:20])) + (" …" if len(tally.reissued) > 20 else "")
        count = len(tally.reissued)
        noun = "entry" if count == 1 else "entries"
        notes.append(f"{count} {noun} got a new id, because it was missing or repeated: line {lines}.")
    if tally.unstamped:
        notes.append(f"Left as they are, with another use of the key _rolethread: {tally.unstamped}.")
    return notes


def conversation(raw: bytes) -> dict[str, Any]:
    """One conversation of any known shape, as the value of an entry.

    :param raw: one JSON object, white space around it and a byte order mark aside.
    :raises Refused: if it is none, or cannot be held without losing something.
    """
    hint = "Mend the text and try again; nothing was changed."
    try:
        value = strict(raw.removeprefix(_MARK).strip(b" \t\r\n"))
        shape = recognise(value)
        if not shape:
            raise Refused("This is a JSON object, but no conversation that we know.", hint)
        return convert(value, shape).value
    except (Unfaithful, NotConvertible) as reason:
        raise Refused(f"This record cannot be taken in: {reason}.", hint) from reason


def conversation_in(path: Path) -> dict[str, Any]:
    """The one conversation that a file holds; see :func:`conversation`.

    :raises NotFound, StoreError: if the file cannot be read.
    """
    with open_stream(path, encoding=None, progress=None) as blocks:
        try:
            return conversation(b"".join(blocks))
        except BrokenPacking as error:
            raise Refused(f"{path.name} is damaged: {error}.") from error
