"""Validation: what is wrong with an entry, or worth a look, before a trainer or a reader finds it."""
