"""The families that refuse what does not go from user to assistant and back.

How each behaves was seen by rendering the published template that ``source`` names.
"""

from typing import Any

_AXOLOTL = "axolotl@067b021 chat_templates/templates/{}.jinja"

# A system prompt may stand in front; what follows goes user, assistant, user, assistant.
_IN_TURN = (
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) or message.role not in ['user', 'assistant'] %}"
    "{{ raise_exception('User and assistant must take turns, and the user begins.') }}"
    "{% endif %}"
)
_AFTER_SYSTEM = (
    "{% set opened = messages[0].role == 'system' %}{% set spoken = messages[1:] if opened else messages %}"
)

_MISTRAL_V1 = (
    _AFTER_SYSTEM + "{{ bos_token }}{% for message in spoken %}" + _IN_TURN +
    "{% set text = message.content if message.content is string else '' %}"
    "{% if message.role == 'user' %}"
    " [INST] {{ messages[0].content + '\\n\\n' if opened and loop.first }}{{ text }} [/INST]"
    "{% else %} {{ text + eos_token }}{% endif %}{% endfor %}"
)  # fmt: skip

# The system prompt is written only before a last message that is the user's: never in training.
_MISTRAL_V3 = (
    _AFTER_SYSTEM + "{{ bos_token }}{% for message in spoken %}" + _IN_TURN +
    "{% set text = message.content if message.content is string else '' %}"
    "{% if message.role == 'user' %}"
    "[INST] {{ messages[0].content + '\\n\\n' if opened and loop.last }}{{ text }}[/INST]"
    "{% else %} {{ text + eos_token }}{% endif %}{% endfor %}"
)  # fmt: skip
_TEKKEN = _MISTRAL_V3.replace("[INST] ", "[INST]").replace("%} {{ text", "%}{{ text")

_GEMMA = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('There is no place for a system prompt.') }}"
    "{% endif %}{{ bos_token }}{% for message in messages %}" + _IN_TURN +
    "<start_of_turn>{{ 'model' if message.role == 'assistant' else 'user' }}\n"
    "{{ message.content.strip() }}<end_of_turn>\n{% endfor %}"
)  # fmt: skip

# The text of a message that may be a list of parts.
_TEXT = (
    "({0}.content if {0}.content is string else"
    " {0}.content | list | selectattr('text', 'defined') | map(attribute='text') | join)"
)
_GEMMA3 = (
    _AFTER_SYSTEM + "{{ bos_token }}{% for message in spoken %}" + _IN_TURN +
    "<start_of_turn>{{ 'model' if message.role == 'assistant' else 'user' }}\n"
    "{{ " + _TEXT.format("messages[0]") + " + '\\n\\n' if opened and loop.first }}"
    "{{ " + _TEXT.format("message") + " | trim }}<end_of_turn>\n{% endfor %}"
)  # fmt: skip

_COHERE = (
    _AFTER_SYSTEM + "{{ bos_token }}"
    "{% if opened %}<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>{{ messages[0].content }}<|END_OF_TURN_TOKEN|>"
    "{% endif %}{% for message in spoken %}" + _IN_TURN +
    "<|START_OF_TURN_TOKEN|><|{{ 'USER' if message.role == 'user' else 'CHATBOT' }}_TOKEN|>"
    "{{ message.content.strip() }}<|END_OF_TURN_TOKEN|>{% endfor %}"
)  # fmt: skip

_TURN = "<|END_OF_TURN_TOKEN|>"
_LOST = "A system prompt is never in the training text: it is written only where the user has the last word."

STRICT: tuple[dict[str, Any], ...] = (
    {
        "name": "mistral-v1", "title": "Mistral v1", "models": "Mistral 7B v0.1 and v0.2, Mixtral 8x7B",
        "template": _MISTRAL_V1, "bos_token": "<s>", "eos_token": "</s>", "turn_end": "</s>",
        "source": _AXOLOTL.format("mistral_v1"),
    },
    {
        "name": "mistral-v3", "title": "Mistral v2 and v3", "models": "Mistral 7B v0.3, Mixtral 8x22B",
        "template": _MISTRAL_V3, "bos_token": "<s>", "eos_token": "</s>", "turn_end": "</s>",
        "source": _AXOLOTL.format("mistral_v2v3"), "notes": (_LOST,),
    },
    {
        "name": "mistral-v3-tekken", "title": "Mistral v3 (Tekken)", "models": "Mistral Nemo 12B",
        "template": _TEKKEN, "bos_token": "<s>", "eos_token": "</s>", "turn_end": "</s>",
        "source": _AXOLOTL.format("mistral_v3_tekken"), "notes": (_LOST,),
    },
    {
        "name": "gemma", "title": "Gemma 1 and 2", "models": "Gemma 1 and 2",
        "template": _GEMMA, "bos_token": "<bos>", "eos_token": "<eos>", "turn_end": "<end_of_turn>",
        "source": _AXOLOTL.format("gemma"), "notes": ("It refuses every system prompt.",),
    },
    {
        "name": "gemma3", "title": "Gemma 3", "models": "Gemma 3",
        "template": _GEMMA3, "bos_token": "<bos>", "eos_token": "<eos>", "turn_end": "<end_of_turn>",
        "source": _AXOLOTL.format("gemma3"),
        "notes": ("The system prompt is put before the first message of the user.",),
    },
    {
        "name": "command-r", "title": "Command R", "models": "Command R, Command R+",
        "template": _COHERE, "bos_token": "<BOS_TOKEN>", "eos_token": _TURN, "turn_end": _TURN,
        "source": _AXOLOTL.format("cohere"),
    },
    {
        "name": "aya", "title": "Aya", "models": "Aya 23, Aya Expanse",
        "template": _COHERE, "bos_token": "<BOS_TOKEN>", "eos_token": _TURN, "turn_end": _TURN,
        "source": _AXOLOTL.format("aya"),
    },
)  # fmt: skip
