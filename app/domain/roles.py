"""Who speaks: the four roles, and the many ways in which files spell them."""

SYSTEM, USER, ASSISTANT, TOOL = "system", "user", "assistant", "tool"

# Labels of a turn in which the assistant calls a tool, instead of speaking.
CALLS = frozenset({"function_call", "tool_call"})

_SPELLINGS = {
    USER: "user usr uesr useer human humans person player input prompt instruction",
    ASSISTANT: (
        "assistant assistnt assitant assitstant asistant asst bot chatbot gpt model ai "
        "completion response output"
    ),
    SYSTEM: "system sys sytem systm system_prompt context",
    TOOL: "tool function observation function_response tool_response",
}
_CANONICAL = {
    **{spelling: role for role, spellings in _SPELLINGS.items() for spelling in spellings.split()},
    **dict.fromkeys(CALLS, ASSISTANT),
}


def canonical(label: str) -> str:
    """The role that a label stands for; empty for any other label, such as a character's name."""
    return _CANONICAL.get(label) or _CANONICAL.get(label.strip().casefold(), "")


def is_call(label: object) -> bool:
    """Whether the label marks a turn in which the assistant calls a tool."""
    return isinstance(label, str) and label.strip().casefold() in CALLS
