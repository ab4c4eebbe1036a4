"""The tables of an index, and the triggers that keep its counts right, whoever changes a row and however.

``counted`` has the findings by code, ``named`` what was found by name, ``lengths`` the entries by their
tokens, ``standing`` how many entries have at least one finding of a kind. ``repeated`` and ``resigned`` name
what has come or gone since entries were last compared with each other: ids and conversations, and
signatures. ``recent`` are the lines that changed since the last look.
"""

from app.domain.validation.diagnostic import Severity

ANY, TARGET = 0, -1  # kinds of findings, beside the severities: any at all, what the target does
# The first places of a signature lie behind a digest, in pairs. Texts that are near share one of nine pairs:
# at the threshold of 0.8 all nine differ once in 10,000 times, above it hardly ever.
PAIRS = tuple(f"substr(signature, {start}, 4)" for start in range(17, 17 + 4 * 9, 4))

SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE lines (
    rank INTEGER PRIMARY KEY, offset INTEGER NOT NULL, length INTEGER NOT NULL, kind INTEGER NOT NULL,
    digest BLOB NOT NULL, uuid TEXT, talk BLOB NOT NULL, tags INTEGER NOT NULL, messages INTEGER NOT NULL,
    exchanges INTEGER NOT NULL, characters INTEGER NOT NULL, text_start INTEGER NOT NULL,
    text_length INTEGER NOT NULL
);
CREATE TABLE tags (slug TEXT NOT NULL, rank INTEGER NOT NULL, label TEXT NOT NULL, PRIMARY KEY (slug, rank))
    WITHOUT ROWID;
CREATE TABLE reasons (rank INTEGER PRIMARY KEY, reason TEXT NOT NULL);
CREATE TABLE findings (
    code TEXT NOT NULL, rank INTEGER NOT NULL, severity INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (code, rank)
) WITHOUT ROWID;
CREATE TABLE details (
    code TEXT NOT NULL, what TEXT NOT NULL, rank INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (code, what, rank)
) WITHOUT ROWID;
CREATE TABLE strict (code TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE shapes (
    id INTEGER PRIMARY KEY, shape TEXT NOT NULL UNIQUE, judged INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE verdicts (
    shape INTEGER NOT NULL, code TEXT NOT NULL, severity INTEGER NOT NULL, what TEXT NOT NULL
);
CREATE INDEX verdicts_shape ON verdicts (shape);
CREATE TABLE checks (rank INTEGER PRIMARY KEY, shape INTEGER NOT NULL, same BLOB NOT NULL);
CREATE TABLE sizes (rank INTEGER PRIMARY KEY, tokens INTEGER NOT NULL, trained INTEGER NOT NULL);
CREATE TABLE signs (id INTEGER PRIMARY KEY, signature BLOB NOT NULL UNIQUE);
CREATE TABLE signatures (rank INTEGER PRIMARY KEY, sign INTEGER NOT NULL);
CREATE TABLE recent (rank INTEGER PRIMARY KEY);
CREATE TABLE repeated (mark BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE resigned (sign INTEGER PRIMARY KEY);
CREATE TABLE counted (
    code TEXT NOT NULL, severity INTEGER NOT NULL, entries INTEGER NOT NULL, found INTEGER NOT NULL,
    PRIMARY KEY (code, severity)
) WITHOUT ROWID;
CREATE TABLE named (
    code TEXT NOT NULL, what TEXT NOT NULL, entries INTEGER NOT NULL, found INTEGER NOT NULL,
    PRIMARY KEY (code, what)
) WITHOUT ROWID;
CREATE INDEX named_most ON named (code, entries DESC, what);
CREATE TABLE lengths (tokens INTEGER PRIMARY KEY, entries INTEGER NOT NULL, trained INTEGER NOT NULL);
CREATE TABLE standing (kind INTEGER PRIMARY KEY, entries INTEGER NOT NULL);
INSERT INTO standing VALUES {",".join(f"({kind}, 0)" for kind in (TARGET, ANY, *map(int, Severity)))};
"""
# Every table with something about a line, which goes where the line goes.
RANKED = ("lines", "tags", "reasons", "findings", "details", "checks", "sizes", "signatures", "recent")
INDEXES = (
    "CREATE INDEX lines_uuid ON lines (uuid) WHERE uuid IS NOT NULL",
    "CREATE INDEX lines_unnamed ON lines (digest) WHERE uuid IS NULL",
    "CREATE INDEX tags_rank ON tags (rank)",
    "CREATE INDEX findings_rank ON findings (rank, severity)",
    "CREATE INDEX details_rank ON details (rank)",
    "CREATE INDEX checks_shape ON checks (shape)",
    "CREATE INDEX checks_same ON checks (same)",
    "CREATE INDEX signatures_sign ON signatures (sign)",
    *(f"CREATE INDEX signs_{number} ON signs ({pair})" for number, pair in enumerate(PAIRS)),
    # Lists read nothing but these, which are a tenth of the table: one an order, the first for most filters.
    "CREATE INDEX lines_order ON lines (kind, rank, tags, exchanges, characters)",
    "CREATE INDEX lines_length ON lines (kind, characters, rank, exchanges)",
    "CREATE INDEX lines_exchanges ON lines (kind, exchanges, rank, characters)",
)


def bad(row: str = "") -> str:
    """How bad a finding is, in SQL: as it is by itself, or an error where the target makes its code one."""
    codes = "(SELECT strict.code FROM strict)"
    return f"CASE WHEN {row}code IN {codes} THEN {int(Severity.ERROR)} ELSE {row}severity END"


def _standing(row: str, sign: str) -> str:
    """Count an entry in or out of each kind of which it has no finding but this one."""
    return f"""
    UPDATE standing SET entries = entries {sign} 1
        WHERE kind IN ({ANY}, {bad(row)}, CASE WHEN {row}code GLOB 'target.*' THEN {TARGET} END)
        AND NOT EXISTS (
            SELECT 1 FROM findings AS other WHERE other.rank = {row}rank AND other.code != {row}code
            AND (kind IN ({ANY}, {bad("other.")}) OR kind = {TARGET} AND other.code GLOB 'target.*')
        );
    """


TRIGGERS = f"""
CREATE TRIGGER findings_more AFTER INSERT ON findings BEGIN
    INSERT INTO counted VALUES (new.code, new.severity, 1, new.count)
        ON CONFLICT (code, severity) DO UPDATE SET entries = entries + 1, found = found + new.count;
    {_standing("new.", "+")}
END;
CREATE TRIGGER findings_less AFTER DELETE ON findings BEGIN
    UPDATE counted SET entries = entries - 1, found = found - old.count
        WHERE code = old.code AND severity = old.severity;
    DELETE FROM counted WHERE code = old.code AND severity = old.severity AND NOT entries;
    {_standing("old.", "-")}
END;
CREATE TRIGGER details_more AFTER INSERT ON details BEGIN
    INSERT INTO named VALUES (new.code, new.what, 1, new.count)
        ON CONFLICT (code, what) DO UPDATE SET entries = entries + 1, found = found + new.count;
END;
CREATE TRIGGER details_less AFTER DELETE ON details BEGIN
    UPDATE named SET entries = entries - 1, found = found - old.count
        WHERE code = old.code AND what = old.what;
    DELETE FROM named WHERE code = old.code AND what = old.what AND NOT entries;
END;
CREATE TRIGGER sizes_more AFTER INSERT ON sizes BEGIN
    INSERT INTO lengths VALUES (new.tokens, 1, new.trained)
        ON CONFLICT (tokens) DO UPDATE SET entries = entries + 1, trained = trained + new.trained;
END;
CREATE TRIGGER sizes_less AFTER DELETE ON sizes BEGIN
    UPDATE lengths SET entries = entries - 1, trained = trained - old.trained WHERE tokens = old.tokens;
    DELETE FROM lengths WHERE tokens = old.tokens AND NOT entries;
END;
CREATE TRIGGER checks_more AFTER INSERT ON checks WHEN length(new.same) BEGIN
    INSERT OR REPLACE INTO repeated VALUES (new.same);
END;
CREATE TRIGGER checks_less AFTER DELETE ON checks WHEN length(old.same) BEGIN
    INSERT OR REPLACE INTO repeated VALUES (old.same);
END;
CREATE TRIGGER lines_more AFTER INSERT ON lines WHEN new.uuid NOT NULL BEGIN
    INSERT OR REPLACE INTO repeated VALUES (new.uuid);
END;
CREATE TRIGGER lines_less AFTER DELETE ON lines WHEN old.uuid NOT NULL BEGIN
    INSERT OR REPLACE INTO repeated VALUES (old.uuid);
END;
CREATE TRIGGER lines_renamed AFTER UPDATE OF uuid ON lines WHEN old.uuid IS NOT new.uuid BEGIN
    INSERT OR REPLACE INTO repeated SELECT uuid FROM (SELECT old.uuid AS uuid UNION SELECT new.uuid)
        WHERE uuid NOT NULL;
END;
CREATE TRIGGER signatures_more AFTER INSERT ON signatures BEGIN
    INSERT OR REPLACE INTO resigned VALUES (new.sign);
END;
CREATE TRIGGER signatures_less AFTER DELETE ON signatures BEGIN
    INSERT OR REPLACE INTO resigned VALUES (old.sign);
END;
"""
# All counted from the beginning, by the rows that are there.
STANDING = f"""
UPDATE standing SET entries = (
    SELECT count(DISTINCT rank) FROM findings
    WHERE kind IN ({ANY}, {bad("findings.")}) OR kind = {TARGET} AND code GLOB 'target.*'
);
"""
COUNTS = f"""
DELETE FROM counted;
INSERT INTO counted SELECT code, severity, count(*), sum(count) FROM findings GROUP BY code, severity;
DELETE FROM named;
INSERT INTO named SELECT code, what, count(*), sum(count) FROM details GROUP BY code, what;
DELETE FROM lengths;
INSERT INTO lengths SELECT tokens, count(*), sum(trained) FROM sizes GROUP BY tokens;
{STANDING}
"""
