"""The tables of the registry: datasets, operations with what they changed, journals and preferences."""

from datetime import UTC, datetime

from peewee import (
    AutoField,
    BlobField,
    BooleanField,
    CompositeKey,
    FixedCharField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from app.registry.database import Registered


def now() -> str:
    """The present time, ISO 8601 in UTC to the microsecond; sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Dataset(Registered):
    """A file of entries that the library knows. ``state`` is live or trashed."""

    id = AutoField()
    slug = TextField(index=True)
    uuid = FixedCharField(36)
    state = TextField(default="live")
    location = TextField(null=True)  # absolute path of a trusted file in place; none for a working copy
    source_digest = TextField(null=True, index=True)  # sha256 of the bytes that were imported
    content = TextField(default="")  # hash over the line digests, as last committed
    entries = IntegerField(default=0)
    rejected = IntegerField(default=0)
    size = IntegerField(default=0)  # bytes
    report = TextField(default="{}")  # what the import said, as JSON
    blocked = IntegerField(null=True)  # the operation that could not be published
    created_at = TextField(default=now)
    changed_at = TextField(default=now)


class FormerSlug(Registered):
    """A name that a dataset once had, so that old addresses still lead to it."""

    slug = TextField(primary_key=True)
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE")


class Operation(Registered):
    """Something a person did, whole or not at all."""

    id = AutoField()
    title = TextField()
    kind = TextField(default="change")  # change, undo or redo
    at = TextField(default=now)
    undoes = IntegerField(null=True)
    in_force = BooleanField(default=True)
    state = TextField(default="committed")  # committed, published or blocked

    class Meta:
        indexes = ((("state",), False),)


class Touched(Registered):
    """What one operation did to one dataset, in numbers and content hashes."""

    operation = ForeignKeyField(Operation, on_delete="CASCADE", index=False)
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE", index=False)
    changed = IntegerField(default=0)
    before = TextField()
    after = TextField()
    order = BlobField(null=True)  # the permutation of kept lines, as runs
    head = BlobField(null=True)  # what stands before the first line, before and after, a line feed between

    class Meta:
        primary_key = CompositeKey("dataset", "operation")
        indexes = ((("operation",), False),)
        without_rowid = True


class LineChange(Registered):
    """One line that an operation changed; fields as in :class:`app.domain.change.Change`."""

    id = AutoField()
    operation = ForeignKeyField(Operation, on_delete="CASCADE", index=False)
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE", index=False)
    key = TextField()
    before = IntegerField(null=True)
    after = IntegerField(null=True)
    prefix = IntegerField()
    suffix = IntegerField()
    old = BlobField()
    new = BlobField()
    was = BlobField()
    now = BlobField()

    class Meta:
        indexes = ((("operation", "dataset"), False), (("dataset", "key"), False))


class RowChange(Registered):
    """One row of the registry that an operation changed: column values before and after, as JSON."""

    id = AutoField()
    operation = ForeignKeyField(Operation, on_delete="CASCADE")
    table = TextField()
    row = IntegerField()
    before = TextField()
    after = TextField()


class JournalStep(Registered):
    """A step on files that follows a commit; done steps are removed when the operation is published."""

    id = AutoField()
    operation = ForeignKeyField(Operation, on_delete="CASCADE")
    action = TextField()
    arguments = TextField()  # JSON


class Backup(Registered):
    """A backup file of a dataset and the content that it holds."""

    id = AutoField()
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE")
    operation = IntegerField()  # its content is the one just after this operation
    name = TextField()  # file name in the dataset's backup folder
    content = TextField()
    reason = TextField()
    at = TextField(default=now)


class Setting(Registered):
    """A preference of the person, as JSON."""

    key = TextField(primary_key=True)
    value = TextField()


TABLES = (Dataset, FormerSlug, Operation, Touched, LineChange, RowChange, JournalStep, Backup, Setting)
