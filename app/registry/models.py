"""The tables of the registry: datasets, what they share (tags, characters, prompts), and what was done."""

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
    counted = TextField(default="")  # the content whose tags TagUse counts
    sidecar = TextField(default="none")  # none, found, used (as we wrote it), or alone: not ours
    sidecar_note = TextField(default="")  # why it was left alone
    sidecar_content = TextField(default="")  # content hash of the sidecar, as last written or read
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
    operation_id: int
    table = TextField()
    row = IntegerField()
    key = TextField(default="")  # what of the row: the entry, for its mapping
    before = TextField()
    after = TextField()

    class Meta:
        indexes = ((("table", "row", "key"), False),)


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


class Category(Registered):
    """A group of tags."""

    id = AutoField()
    slug = TextField(unique=True)
    name = TextField()
    sort_order = IntegerField(default=0)
    is_active = BooleanField(default=True)
    is_builtin = BooleanField(default=False)


class Tag(Registered):
    """A tag that the library knows; ``status`` is active, archived or hidden."""

    id = AutoField()
    slug = TextField(unique=True)
    name = TextField()
    category = ForeignKeyField(Category, null=True)
    category_id: int | None
    sort_order = IntegerField(default=0)
    status = TextField(default="active")
    is_builtin = BooleanField(default=False)
    lifecycle = TextField(default="{}")  # JSON, as in a sidecar


class Alias(Registered):
    """A former name of a tag; ``new_slug`` may lead to another alias."""

    id = AutoField()
    old_slug = TextField(unique=True)
    new_slug = TextField(null=True)
    action = TextField(default="rename")  # or merge
    metadata = TextField(default="{}")  # JSON, as in a sidecar


class TagUse(Registered):
    """How many entries of a dataset have a tag; true for the content named by ``Dataset.counted``."""

    dataset = ForeignKeyField(Dataset, on_delete="CASCADE", index=False)
    dataset_id: int
    slug = TextField(index=True)
    label = TextField()  # one of its spellings
    entries = IntegerField()

    class Meta:
        primary_key = CompositeKey("dataset", "slug")
        without_rowid = True


class Character(Registered):
    """Somebody who speaks in the entries."""

    id = AutoField()
    slug = TextField(unique=True)
    display_name = TextField()
    description = TextField(null=True)
    colour = TextField(default="")
    is_active = BooleanField(default=True)


class Mapping(Registered):
    """Who speaks one message of an entry; ``turn_index`` counts the messages from 0."""

    dataset = ForeignKeyField(Dataset, on_delete="CASCADE", index=False)
    entry_uuid = TextField()
    turn_index = IntegerField()
    character = ForeignKeyField(Character, index=False)
    training_role = TextField()
    source_role_label = TextField(null=True)

    class Meta:
        primary_key = CompositeKey("dataset", "entry_uuid", "turn_index")
        indexes = ((("character", "dataset", "entry_uuid"), False),)
        without_rowid = True


class Prompt(Registered):
    """A text for system messages, kept to be used again."""

    id = AutoField()
    slug = TextField(unique=True)
    name = TextField()
    content = TextField()
    description = TextField(null=True)
    is_active = BooleanField(default=True)


class PromptUse(Registered):
    """A prompt that the person attached to a dataset, so that its sidecar carries it."""

    id = AutoField()
    prompt = ForeignKeyField(Prompt, index=False)
    prompt_id: int
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE")

    class Meta:
        indexes = ((("prompt", "dataset"), True),)


class Criteria(Registered):
    """What the entries of a dataset, or of all (no dataset), are checked by, where it is not the usual."""

    id = AutoField()
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE", null=True, unique=True)
    rules = TextField(default="{}")  # the rules that differ, as JSON
    target = TextField(default="{}")  # trainer, template, vocabulary, limit and mask, as JSON


class OwnTarget(Registered):
    """A chat template or a tokenizer of the person's own."""

    id = AutoField()
    slug = TextField(unique=True)
    name = TextField()
    template = TextField(default="")
    bos_token = TextField(default="")
    eos_token = TextField(default="")
    tokenizer = TextField(default="")  # sha256 of the tokenizer.json that is kept in the home


class Setting(Registered):
    """A preference of the person, as JSON."""

    key = TextField(primary_key=True)
    value = TextField()


TABLES = (
    Dataset,
    FormerSlug,
    Operation,
    Touched,
    LineChange,
    RowChange,
    JournalStep,
    Backup,
    Setting,
    Category,
    Tag,
    Alias,
    TagUse,
    Character,
    Mapping,
    Prompt,
    PromptUse,
    Criteria,
    OwnTarget,
)
