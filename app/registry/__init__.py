"""The SQLite registry: nothing outside this room imports Peewee."""
