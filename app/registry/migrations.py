"""How the registry came to its present schema: SQL as it was run, oldest first. Add at the end only."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE "dataset" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "slug" TEXT NOT NULL,
            "uuid" CHAR(36) NOT NULL,
            "state" TEXT NOT NULL,
            "location" TEXT,
            "source_digest" TEXT,
            "content" TEXT NOT NULL,
            "entries" INTEGER NOT NULL,
            "rejected" INTEGER NOT NULL,
            "size" INTEGER NOT NULL,
            "report" TEXT NOT NULL,
            "blocked" INTEGER,
            "created_at" TEXT NOT NULL,
            "changed_at" TEXT NOT NULL
        )""",
        'CREATE INDEX "dataset_slug" ON "dataset" ("slug")',
        'CREATE INDEX "dataset_source_digest" ON "dataset" ("source_digest")',
        """CREATE TABLE "backup" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "dataset_id" INTEGER NOT NULL,
            "operation" INTEGER NOT NULL,
            "name" TEXT NOT NULL,
            "content" TEXT NOT NULL,
            "reason" TEXT NOT NULL,
            "at" TEXT NOT NULL,
            FOREIGN KEY ("dataset_id") REFERENCES "dataset" ("id") ON DELETE CASCADE
        )""",
        'CREATE INDEX "backup_dataset_id" ON "backup" ("dataset_id")',
        """CREATE TABLE "formerslug" (
            "slug" TEXT NOT NULL PRIMARY KEY,
            "dataset_id" INTEGER NOT NULL,
            FOREIGN KEY ("dataset_id") REFERENCES "dataset" ("id") ON DELETE CASCADE
        )""",
        'CREATE INDEX "formerslug_dataset_id" ON "formerslug" ("dataset_id")',
        """CREATE TABLE "operation" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "title" TEXT NOT NULL,
            "kind" TEXT NOT NULL,
            "at" TEXT NOT NULL,
            "undoes" INTEGER,
            "in_force" INTEGER NOT NULL,
            "state" TEXT NOT NULL
        )""",
        'CREATE INDEX "operation_state" ON "operation" ("state")',
        """CREATE TABLE "journalstep" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "operation_id" INTEGER NOT NULL,
            "action" TEXT NOT NULL,
            "arguments" TEXT NOT NULL,
            FOREIGN KEY ("operation_id") REFERENCES "operation" ("id") ON DELETE CASCADE
        )""",
        'CREATE INDEX "journalstep_operation_id" ON "journalstep" ("operation_id")',
        """CREATE TABLE "linechange" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "operation_id" INTEGER NOT NULL,
            "dataset_id" INTEGER NOT NULL,
            "key" TEXT NOT NULL,
            "before" INTEGER,
            "after" INTEGER,
            "prefix" INTEGER NOT NULL,
            "suffix" INTEGER NOT NULL,
            "old" BLOB NOT NULL,
            "new" BLOB NOT NULL,
            "was" BLOB NOT NULL,
            "now" BLOB NOT NULL,
            FOREIGN KEY ("operation_id") REFERENCES "operation" ("id") ON DELETE CASCADE,
            FOREIGN KEY ("dataset_id") REFERENCES "dataset" ("id") ON DELETE CASCADE
        )""",
        'CREATE INDEX "linechange_operation_id_dataset_id" ON "linechange" ("operation_id", "dataset_id")',
        'CREATE INDEX "linechange_dataset_id_key" ON "linechange" ("dataset_id", "key")',
        """CREATE TABLE "rowchange" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "operation_id" INTEGER NOT NULL,
            "table" TEXT NOT NULL,
            "row" INTEGER NOT NULL,
            "before" TEXT NOT NULL,
            "after" TEXT NOT NULL,
            FOREIGN KEY ("operation_id") REFERENCES "operation" ("id") ON DELETE CASCADE
        )""",
        'CREATE INDEX "rowchange_operation_id" ON "rowchange" ("operation_id")',
        """CREATE TABLE "setting" (
            "key" TEXT NOT NULL PRIMARY KEY,
            "value" TEXT NOT NULL
        )""",
        """CREATE TABLE "touched" (
            "operation_id" INTEGER NOT NULL,
            "dataset_id" INTEGER NOT NULL,
            "changed" INTEGER NOT NULL,
            "before" TEXT NOT NULL,
            "after" TEXT NOT NULL,
            "order" BLOB,
            PRIMARY KEY ("dataset_id", "operation_id"),
            FOREIGN KEY ("operation_id") REFERENCES "operation" ("id") ON DELETE CASCADE,
            FOREIGN KEY ("dataset_id") REFERENCES "dataset" ("id") ON DELETE CASCADE
        ) WITHOUT ROWID""",
        'CREATE INDEX "touched_operation_id" ON "touched" ("operation_id")',
    ),
    ('ALTER TABLE "touched" ADD COLUMN "head" BLOB',),
)
