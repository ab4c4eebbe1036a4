"""Shapes that we know by name and cannot read yet: so that a refusal says what a file is."""

from typing import Any

# The keys that give a shape away, most telling first.
_SIGNS: tuple[tuple[str, frozenset[str]], ...] = (
    ("preference pairs (chosen, rejected)", frozenset(("chosen", "rejected"))),
    ("preference pairs (chosen, rejected)", frozenset(("chosen_messages", "rejected_messages"))),
    ("Alpaca records (instruction, output)", frozenset(("instruction", "output"))),
    ("Alpaca records (instruction, response)", frozenset(("instruction", "response"))),
    ("prompts with completions", frozenset(("prompt", "completion"))),
    ("a SillyTavern chat", frozenset(("mes", "is_user"))),
    ("a SillyTavern chat", frozenset(("user_name", "character_name"))),
    ("a character card", frozenset(("spec", "data"))),
    ("a character card", frozenset(("first_mes", "personality"))),
    ("a text-generation-webui log", frozenset(("internal", "visible"))),
    ("dialogue turns with named speakers", frozenset(("dialogue",))),
)


def later_shape(value: Any) -> str:
    """What a record of no known shape looks like, to be said after "This looks like"; else nothing."""
    if not isinstance(value, dict):
        return ""
    keys = value.keys()
    return next((name for name, signs in _SIGNS if signs <= keys), "")
