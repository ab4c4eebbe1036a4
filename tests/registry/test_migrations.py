"""The schema that migrations lead to is the one that the models say, from whatever version."""

import sqlite3
from contextlib import closing

import pytest

from app.domain.tags import slug
from app.errors import Conflict, RegistryTooNew, StoreError
from app.registry.database import connected, db, open_registry, schema_version, transaction
from app.registry.migrations import MIGRATIONS
from app.registry.models import TABLES, Category, Dataset, Operation, Tag


def schema(path):
    """Every table with its columns, foreign keys and indexes."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        found = {}
        for table in tables:
            columns = {row[1]: row[2:] for row in connection.execute(f'PRAGMA table_info("{table}")')}
            keys = {row[2:7] for row in connection.execute(f'PRAGMA foreign_key_list("{table}")')}
            indexes = {
                tuple(column[2] for column in connection.execute(f'PRAGMA index_info("{row[1]}")'))
                for row in connection.execute(f'PRAGMA index_list("{table}")')
            }
            found[table] = columns, keys, indexes
        return found


@pytest.fixture
def path(tmp_path):
    return tmp_path / "registry.sqlite3"


def test_migrations_and_models_make_the_same_tables(path, tmp_path):
    open_registry(path)
    models = tmp_path / "models.sqlite3"
    db.init(str(models))
    with db.connection_context():
        db.create_tables(TABLES)
    migrated, modelled = schema(path), schema(models)
    migrated.pop("sqlite_sequence", None)
    modelled.pop("sqlite_sequence", None)
    assert migrated.keys() == modelled.keys()
    for table, (columns, keys, indexes) in modelled.items():
        assert migrated[table][0].keys() == columns.keys(), table
        for column, (kind, required, _, place) in columns.items():
            assert migrated[table][0][column][0].split("(")[0] == kind.split("(")[0], (table, column)
            assert migrated[table][0][column][1] == required, (table, column)
            assert migrated[table][0][column][3] == place, (table, column)
        assert migrated[table][1] == keys, table
        assert migrated[table][2] == indexes, table


@pytest.mark.parametrize("version", range(len(MIGRATIONS) + 1))
def test_a_registry_of_any_version_becomes_the_present_one(path, tmp_path, version):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
    open_registry(path)
    fresh = tmp_path / "fresh.sqlite3"
    open_registry(fresh)
    assert schema(path) == schema(fresh)
    assert schema_version(path) == (len(MIGRATIONS), len(MIGRATIONS))


def test_a_registry_of_a_later_version_is_refused_and_left_alone(path):
    open_registry(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(RegistryTooNew):
        open_registry(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("data", [b"no database at all", b"\0" * 5000])
def test_a_file_that_is_no_registry_is_refused_and_left_alone(path, data):
    path.write_bytes(data)
    with pytest.raises(StoreError, match="registry"):
        open_registry(path)
    assert path.read_bytes() == data


def test_a_registry_that_cannot_be_opened_is_not_called_broken(tmp_path):
    with pytest.raises(StoreError, match="unable to open") as refused:
        open_registry(tmp_path)
    assert "may write in its folder" in refused.value.hint
    assert "backup" not in refused.value.hint


def twice():
    with transaction():
        Operation.create(title="never")
        Operation.create(title=None)


def test_a_transaction_that_fails_leaves_nothing(path):
    open_registry(path)
    with pytest.raises(Conflict):
        twice()
    with connected():
        assert Operation.select().count() == 0


def test_a_number_is_never_given_twice(path):
    # files and history are found by them
    open_registry(path)
    with connected():
        first = Dataset.create(slug="a", uuid="u").id
        Dataset.delete().execute()
        assert Dataset.create(slug="b", uuid="u").id > first


BUILT_IN = """
behavior: pacing boundaries no_user_control followup_question emotional_awareness instruction_following
    consistency initiative
interaction: greeting roleplay question_answer task_completion explanation feedback correction
style: dialogue narration descriptive concise detailed grounded
source: manual ai_generated imported converted
status: draft needs_review needs_edit approved invalid duplicate
"""


def test_a_new_registry_knows_the_built_in_tags_in_their_order(path):
    open_registry(path)
    with connected():
        tags = Tag.select(Tag, Category).join(Category).order_by(Category.sort_order, Tag.sort_order)
        found = [(tag.category.slug, tag.slug) for tag in tags]
        assert all(tag.is_builtin and tag.status == "active" and slug(tag.name) == tag.slug for tag in tags)
    words = BUILT_IN.split()
    category, expected = "", []
    for word in words:
        if word.endswith(":"):
            category = word[:-1]
        else:
            expected.append((category, word))
    assert found == expected
