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
    (
        'ALTER TABLE "dataset" ADD COLUMN "counted" TEXT NOT NULL DEFAULT \'\'',
        'ALTER TABLE "dataset" ADD COLUMN "sidecar" TEXT NOT NULL DEFAULT \'none\'',
        'ALTER TABLE "dataset" ADD COLUMN "sidecar_note" TEXT NOT NULL DEFAULT \'\'',
        'ALTER TABLE "dataset" ADD COLUMN "sidecar_content" TEXT NOT NULL DEFAULT \'\'',
        """CREATE TABLE "category" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "slug" TEXT NOT NULL,
            "name" TEXT NOT NULL,
            "sort_order" INTEGER NOT NULL,
            "is_active" INTEGER NOT NULL,
            "is_builtin" INTEGER NOT NULL
        )""",
        'CREATE UNIQUE INDEX "category_slug" ON "category" ("slug")',
        """CREATE TABLE "tag" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "slug" TEXT NOT NULL,
            "name" TEXT NOT NULL,
            "category_id" INTEGER,
            "sort_order" INTEGER NOT NULL,
            "status" TEXT NOT NULL,
            "is_builtin" INTEGER NOT NULL,
            "lifecycle" TEXT NOT NULL,
            FOREIGN KEY ("category_id") REFERENCES "category" ("id") ON DELETE SET NULL
        )""",
        'CREATE UNIQUE INDEX "tag_slug" ON "tag" ("slug")',
        'CREATE INDEX "tag_category_id" ON "tag" ("category_id")',
        """CREATE TABLE "alias" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "old_slug" TEXT NOT NULL,
            "new_slug" TEXT,
            "action" TEXT NOT NULL,
            "metadata" TEXT NOT NULL
        )""",
        'CREATE UNIQUE INDEX "alias_old_slug" ON "alias" ("old_slug")',
        """CREATE TABLE "taguse" (
            "dataset_id" INTEGER NOT NULL,
            "slug" TEXT NOT NULL,
            "label" TEXT NOT NULL,
            "entries" INTEGER NOT NULL,
            PRIMARY KEY ("dataset_id", "slug"),
            FOREIGN KEY ("dataset_id") REFERENCES "dataset" ("id") ON DELETE CASCADE
        ) WITHOUT ROWID""",
        'CREATE INDEX "taguse_slug" ON "taguse" ("slug")',
        """CREATE TABLE "character" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "slug" TEXT NOT NULL,
            "display_name" TEXT NOT NULL,
            "description" TEXT,
            "colour" TEXT NOT NULL,
            "is_active" INTEGER NOT NULL
        )""",
        'CREATE UNIQUE INDEX "character_slug" ON "character" ("slug")',
        """CREATE TABLE "mapping" (
            "dataset_id" INTEGER NOT NULL,
            "entry_uuid" TEXT NOT NULL,
            "turn_index" INTEGER NOT NULL,
            "character_id" INTEGER NOT NULL,
            "training_role" TEXT NOT NULL,
            "source_role_label" TEXT,
            PRIMARY KEY ("dataset_id", "entry_uuid", "turn_index"),
            FOREIGN KEY ("dataset_id") REFERENCES "dataset" ("id") ON DELETE CASCADE,
            FOREIGN KEY ("character_id") REFERENCES "character" ("id") ON DELETE CASCADE
        ) WITHOUT ROWID""",
        """CREATE INDEX "mapping_character_id_dataset_id_entry_uuid"
            ON "mapping" ("character_id", "dataset_id", "entry_uuid")""",
        """CREATE TABLE "prompt" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "slug" TEXT NOT NULL,
            "name" TEXT NOT NULL,
            "content" TEXT NOT NULL,
            "description" TEXT,
            "is_active" INTEGER NOT NULL
        )""",
        'CREATE UNIQUE INDEX "prompt_slug" ON "prompt" ("slug")',
        """CREATE TABLE "promptuse" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            "prompt_id" INTEGER NOT NULL,
            "dataset_id" INTEGER NOT NULL,
            FOREIGN KEY ("prompt_id") REFERENCES "prompt" ("id") ON DELETE CASCADE,
            FOREIGN KEY ("dataset_id") REFERENCES "dataset" ("id") ON DELETE CASCADE
        )""",
        'CREATE INDEX "promptuse_dataset_id" ON "promptuse" ("dataset_id")',
        'CREATE UNIQUE INDEX "promptuse_prompt_id_dataset_id" ON "promptuse" ("prompt_id", "dataset_id")',
        # The taxonomy that is built in.
        """INSERT INTO "category" ("slug", "name", "sort_order", "is_active", "is_builtin") VALUES
            ('behavior', 'Behavior', 0, 1, 1),
            ('interaction', 'Interaction', 1, 1, 1),
            ('style', 'Style', 2, 1, 1),
            ('source', 'Source', 3, 1, 1),
            ('status', 'Status', 4, 1, 1)""",
        """INSERT INTO "tag"
            ("slug", "name", "category_id", "sort_order", "status", "is_builtin", "lifecycle") VALUES
            ('pacing', 'Pacing', 1, 0, 'active', 1, '{}'),
            ('boundaries', 'Boundaries', 1, 1, 'active', 1, '{}'),
            ('no_user_control', 'No User Control', 1, 2, 'active', 1, '{}'),
            ('followup_question', 'Followup Question', 1, 3, 'active', 1, '{}'),
            ('emotional_awareness', 'Emotional Awareness', 1, 4, 'active', 1, '{}'),
            ('instruction_following', 'Instruction Following', 1, 5, 'active', 1, '{}'),
            ('consistency', 'Consistency', 1, 6, 'active', 1, '{}'),
            ('initiative', 'Initiative', 1, 7, 'active', 1, '{}'),
            ('greeting', 'Greeting', 2, 0, 'active', 1, '{}'),
            ('roleplay', 'Roleplay', 2, 1, 'active', 1, '{}'),
            ('question_answer', 'Question Answer', 2, 2, 'active', 1, '{}'),
            ('task_completion', 'Task Completion', 2, 3, 'active', 1, '{}'),
            ('explanation', 'Explanation', 2, 4, 'active', 1, '{}'),
            ('feedback', 'Feedback', 2, 5, 'active', 1, '{}'),
            ('correction', 'Correction', 2, 6, 'active', 1, '{}'),
            ('dialogue', 'Dialogue', 3, 0, 'active', 1, '{}'),
            ('narration', 'Narration', 3, 1, 'active', 1, '{}'),
            ('descriptive', 'Descriptive', 3, 2, 'active', 1, '{}'),
            ('concise', 'Concise', 3, 3, 'active', 1, '{}'),
            ('detailed', 'Detailed', 3, 4, 'active', 1, '{}'),
            ('grounded', 'Grounded', 3, 5, 'active', 1, '{}'),
            ('manual', 'Manual', 4, 0, 'active', 1, '{}'),
            ('ai_generated', 'AI Generated', 4, 1, 'active', 1, '{}'),
            ('imported', 'Imported', 4, 2, 'active', 1, '{}'),
            ('converted', 'Converted', 4, 3, 'active', 1, '{}'),
            ('draft', 'Draft', 5, 0, 'active', 1, '{}'),
            ('needs_review', 'Needs Review', 5, 1, 'active', 1, '{}'),
            ('needs_edit', 'Needs Edit', 5, 2, 'active', 1, '{}'),
            ('approved', 'Approved', 5, 3, 'active', 1, '{}'),
            ('invalid', 'Invalid', 5, 4, 'active', 1, '{}'),
            ('duplicate', 'Duplicate', 5, 5, 'active', 1, '{}')""",
    ),
)
