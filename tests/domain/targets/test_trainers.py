"""What each trainer does to an entry: a table for each, and every row quotes the source that says so."""

import pytest

from app.domain.targets.shapes import Shape
from app.domain.targets.trainers import TRAINERS, judge, strictness
from app.domain.validation.codes import CODES

ROLES = {"S": "system", "U": "user", "A": "assistant", "T": "tool", "h": "human", "g": "gpt", "M": "Mira"}
ERROR, DROPPED, ALTERED, UNTRAINED = "target.error", "target.dropped", "target.altered", "target.untrained"


def talk(letters, *changes, **top):
    """An entry whose roles are given by letters; a change is an index and the keys that it gets there."""
    messages = [{"role": ROLES[letter], "content": f"Words of {letter}."} for letter in letters]
    for index, keys in changes:
        messages[index].update(keys)
    return {"messages": messages, **top}


def without(key, value):
    for message in value["messages"][-1:]:
        del message[key]
    return value


def check(trainer, value, *expected):
    found = judge(trainer, Shape.of(value))
    told = [(verdict.code, verdict.detail, verdict.fixes) for verdict in found]
    assert len(told) == len(expected), told
    for (code, detail, fixes), (wanted, words, *repairs) in zip(told, expected, strict=True):
        assert (code, fixes) == (wanted, tuple(repairs))
        assert words in detail
    return found


CALL = [{"id": "abcdefghi", "type": "function", "function": {"name": "look", "arguments": "{}"}}]
PARTS = [{"type": "text", "text": "Hello"}]
CANON = "chatml.role_canonicalization"

# Cookbook: openai-cookbook examples/Chat_finetuning_data_prep.ipynb, cell “Format validation”.
# Specification: OpenAPI document, FineTuneChatRequestInput.
OPENAI = [
    ("Cookbook: the toy rows pass", talk("SUA")),
    ("Cookbook: no rule about who speaks first", talk("SAUA")),
    ("Cookbook: no rule about turns", talk("UUA")),
    ("Cookbook: messages = ex.get('messages'); if not messages", {}, (ERROR, "missing_messages_list:")),
    ("Cookbook: the same for an empty list", talk(""), (ERROR, "missing_messages_list:")),
    (
        "Cookbook: 'role' not in message or 'content' not in message",
        without("content", talk("UA")),
        (ERROR, "message_missing_key:"),
    ),
    ("Cookbook: the same", without("role", talk("UAU")), (ERROR, "message_missing_key:")),
    (
        "Cookbook: any(k not in ('role','content','name','function_call','weight'))",
        talk("UA", (1, {"train": True})),
        (ERROR, "message_unrecognized_key: a message has the key “train”"),
    ),
    ("Cookbook: name and weight are among the keys", talk("UA", (0, {"name": "Bo"}), (1, {"weight": 1}))),
    ("Specification: tool_calls came after the Cookbook's list", talk("UA", (1, {"tool_calls": CALL}))),
    ("Specification: so did the role tool", talk("UATA", (2, {"tool_call_id": "a"}))),
    (
        "Cookbook: role not in ('system','user','assistant','function')",
        talk("hA"),
        (ERROR, "unrecognized_role:", CANON),
    ),
    ("Cookbook: the same; a name that nobody can map", talk("MA"), (ERROR, "unrecognized_role:")),
    (
        "Cookbook: not any(message.get('role') == 'assistant')",
        talk("SU"),
        (ERROR, "example_missing_assistant_message:"),
    ),
    (
        "Cookbook: (not content and not function_call) or not isinstance(content, str)",
        talk("UA", (1, {"content": ""})),
        (ERROR, "missing_content:"),
    ),
    ("Cookbook: white space is content", talk("UA", (1, {"content": " "}))),
    ("Cookbook: null is none", talk("UA", (1, {"content": None})), (ERROR, "missing_content:")),
    ("Specification: null with tool_calls", talk("UA", (1, {"content": None, "tool_calls": CALL}))),
    ("Specification: content is text or parts", talk("UA", (0, {"content": PARTS}))),
    (
        "Cookbook: the same check on a system message",
        talk("SUA", (0, {"content": ""})),
        (ERROR, "missing_content:", "chatml.empty_system_content"),
    ),
    ("Specification: weight is 0 or 1", talk("UA", (1, {"weight": 2})), (ERROR, "neither 0 nor 1")),
    ("Specification: weight is an integer", talk("UA", (1, {"weight": True})), (ERROR, "neither 0 nor 1")),
    ("Specification: on the assistant only", talk("UA", (0, {"weight": 0})), (ERROR, "not the assistant's")),
    ("Specification: the example with weights", talk("UAUA", (1, {"weight": 0}), (3, {"weight": 1}))),
    ("Specification: tools is an array", talk("UA", tools="[]"), (ERROR, "“tools” is no list")),
    ("Specification: 0 is not trained", talk("UA", (1, {"weight": 0})), (UNTRAINED, "the weight 0")),
]

# Docs: docs.together.ai/docs/fine-tuning/data-preparation.
# Client: together-python src/together/utils/files.py.
TOGETHER = [
    ("Docs: starts with system or user, then alternates", talk("SUAUA")),
    ("Docs: the same", talk("AUA"), (ERROR, "speaks first", "chatml.assistant_first")),
    (
        "Client: if previous_role == message['role']",
        talk("UUA"),
        (ERROR, "in a row", "chatml.not_alternating"),
    ),
    (
        "Client: the same for two system messages",
        talk("SSUA"),
        (ERROR, "two system messages", "chatml.duplicate_system_message"),
    ),
    ("Docs: a file holding both text and messages is rejected", talk("UA", text="x"), (ERROR, "both “text”")),
    ("Client: Found extra column", talk("UA", id="7"), (ERROR, "further key “id”")),
    ("Client: tools is an extra column that is allowed", talk("UA", tools=[{"type": "function"}])),
    ("Client: POSSIBLE_ROLES_CONVERSATION", talk("hg"), (ERROR, "a role is not", CANON)),
    ("Client: weight not in {0, 1}", talk("UA", (1, {"weight": 0.5})), (ERROR, "neither 0 nor 1")),
    ("Client: the content is a string", talk("UA", (1, {"content": None})), (ERROR, "no text")),
    ("Client: weight 0 is not trained", talk("UA", (1, {"weight": 0})), (UNTRAINED, "the weight 0")),
]

# Formats: trl docs/source/dataset_formats.md. Data: trl trl/data_utils.py. SFT: trl/trainer/sft_trainer.py.
TRL = [
    ("Formats: {'messages': [...]} is language modelling", talk("SUA")),
    ("Data: roles reach the template as they are", talk("hg")),
    ("Data: no rule of its own about turns; the template's", talk("AUUA")),
    ("Formats: tools is a list, or JSON in a text", talk("UA", tools="[]")),
    ("Formats: chat_template_kwargs of a row are honoured", talk("UA", chat_template_kwargs={"a": 1})),
    ("Data: KeyError 'Invalid keys' for {messages, prompt}", talk("UA", prompt=[]), (ERROR, "Invalid keys")),
    (
        "Data: the same for {messages, chosen, rejected}",
        talk("UA", chosen=[], rejected=[]),
        (ERROR, "“chosen, rej"),
    ),
    ("Formats: a row of none of the types", {"text": "x", "messages": None}, (ERROR, "no list of messages")),
    ("SFT: reads no weight", talk("UA", (1, {"weight": 0})), (ALTERED, "“weight” 0 is learnt all the same")),
    ("SFT: nor train", talk("UA", (1, {"train": False})), (ALTERED, "“train” false is learnt")),
    ("SFT: assistant_only_loss is off: a row without an answer is learnt", talk("SU")),
]

# Strategy: axolotl src/axolotl/prompt_strategies/chat_template.py.
# Docs: axolotl docs/dataset-formats/conversation.qmd.
AXOLOTL = [
    ("Strategy: field_messages is messages", talk("SUA")),
    ("Strategy: human→user, gpt→assistant", talk("hg")),
    ("Strategy: no rule of its own about turns; the template's", talk("AUUA")),
    (
        "Strategy: other roles pass unmapped, and roles_to_train is ['assistant']",
        talk("U", (0, {"role": "bot"})),
        (UNTRAINED, "no message has the role assistant or gpt", CANON),
    ),
    ("Strategy: the same for a name", talk("UM"), (UNTRAINED, "no message has the role assistant or gpt")),
    (
        "Strategy: field_system, if the first message is not system",
        talk("UA", system="Be kind."),
        (ALTERED, "under “system” becomes the system prompt"),
    ),
    ("Strategy: and only then", talk("SUA", system="Be kind.")),
    ("Strategy: remove_none_values", talk("UA", system=None)),
    ("Docs: message_field_training: train", talk("UAUA", (1, {"train": False}))),
    (
        "Docs: the same for all",
        talk("UA", (1, {"train": False})),
        (UNTRAINED, "every answer has “train” false"),
    ),
    ("Strategy: train_turn goes before the role", talk("U", (0, {"train": True}))),
    (
        "Docs: weight is read in parts of content only",
        talk("UA", (1, {"weight": 0})),
        (ALTERED, "“weight” 0"),
    ),
]

# Converter: LLaMA-Factory src/llamafactory/data/converter.py, SharegptDatasetConverter.
# Readme: data/README.md, “OpenAI Format”/“Sharegpt Format”. Formatter: src/llamafactory/data/formatter.py.
LLAMA_FACTORY = [
    ("Readme: sharegpt with tags role, content, user, assistant, system", talk("SUAUA")),
    ("Converter: the leading system message is optional", talk("UA")),
    (
        "Converter: role not in accept_tags[0]",
        talk("SAUA"),
        (DROPPED, "speaks first", "chatml.assistant_first"),
    ),
    ("Converter: the same", talk("AUA"), (DROPPED, "speaks first", "chatml.assistant_first")),
    ("Converter: turn_idx % 2", talk("UUA"), (DROPPED, "take turns", "chatml.not_alternating")),
    ("Converter: the same", talk("UAA"), (DROPPED, "take turns", "chatml.not_alternating")),
    (
        "Converter: only messages[0] may be system",
        talk("UASUA"),
        (DROPPED, "is not the first", "chatml.system_not_first"),
    ),
    ("Converter: the same", talk("SSUA"), (DROPPED, "more than one", "chatml.duplicate_system_message")),
    (
        "Converter: len(aligned_messages) % 2 != 0",
        talk("SUAU"),
        (DROPPED, "last message is not the assistant's", "chatml.last_not_assistant"),
    ),
    (
        "Converter: tags are compared as spelt",
        talk("hg"),
        (DROPPED, "none of those that the tags name", CANON),
    ),
    ("Converter: the same", talk("MA"), (DROPPED, "none of those that the tags name")),
    (
        "Readme: no observation_tag in these tags, and unlisted tags are None",
        talk("UTA"),
        (DROPPED, "a tool"),
    ),
    ("LlamaFactory#4249: Dropped invalid example", talk("S"), (DROPPED, "nothing but a system prompt")),
    ("Formatter: Expected a string", talk("UA", (1, {"content": None})), (ERROR, "no text")),
    (
        "Readme: Alpaca's columns are another formatting",
        {"instruction": "Hi", "input": "", "output": "Hello"},
        (ERROR, "this is Alpaca's format, which trainers read, if at all, with other settings"),
    ),
    ("Formatter: the same for parts", talk("UA", (0, {"content": PARTS})), (ERROR, "no text")),
    ("Converter: system = None is no system prompt", talk("SUA", (0, {"content": None}))),
    ("Converter: an empty text is a text", talk("UA", (1, {"content": ""}))),
    ("Converter: copies role and content only", talk("UA", (1, {"weight": 0})), (ALTERED, "“weight” 0")),
]

# Formats: unsloth_zoo/dataset_utils.py, standardize_data_formats. Responses: train_on_responses_only there.
UNSLOTH = [
    ("Formats: if 'conversations' not in column_names: return dataset", talk("SUA")),
    ("Formats: so that the turns are the template's business", talk("AUUA")),
    ("Formats: and a third key does no harm in messages", talk("UA", (0, {"name": "Bo"}))),
    ("Formats: acts on conversations", talk("UA", conversations=[{}]), (ALTERED, "works on that")),
    ("Responses: Removed … where all labels were -100", talk("SU"), (DROPPED, "no answer of the assistant")),
    ("Responses: the marker is the assistant's", talk("hg"), (DROPPED, "no answer of the assistant", CANON)),
    ("Responses: reads no weight", talk("UA", (1, {"weight": 0})), (ALTERED, "“weight” 0")),
]

# Readme: mistral-finetune README.md. Tokenize: finetune/data/tokenize.py.
MISTRAL = [
    ("Readme: roles user, assistant, system, tool", talk("SUAUA")),
    (
        "Readme: last role must be assistant",
        talk("UAU"),
        (ERROR, "the last message", "chatml.last_not_assistant"),
    ),
    ("Tokenize: UnrecognizedRoleError", talk("hA"), (ERROR, "a role is not", CANON)),
    (
        "Tokenize: Multiple messages with role 'system' encountered",
        talk("SSUA"),
        (ERROR, "more than one system", "chatml.duplicate_system_message"),
    ),
    (
        "Tokenize: not is_tool_call and content is None",
        talk("UA", (1, {"content": None})),
        (ERROR, "no content"),
    ),
    ("Tokenize: a call needs none", talk("UA", (1, {"content": None, "tool_calls": CALL}))),
    ("Tokenize: content_keys = ['content', 'text']", without("content", talk("UA", (1, {"text": "Yes"})))),
    ("Tokenize: but not both", talk("UA", (1, {"text": "Yes"})), (ERROR, "both “text” and “content”")),
    ("Tokenize: 'tool_call_id' not in data_message", talk("UATA"), (ERROR, "no “tool_call_id”")),
    ("Tokenize: messages or interactions, not both", talk("UA", interactions=[]), (ERROR, "“interactions”")),
    ("Tokenize: tools or available_tools", talk("UA", tools=[], available_tools=[]), (ERROR, "both “tools”")),
    (
        "Tokenize: system_prompt goes to encode_user_message",
        talk("SA"),
        (ALTERED, "the system prompt is lost"),
    ),
    ("Readme: weight 0 on an answer", talk("UAUA", (1, {"weight": 0}))),
    ("Readme: the same on all", talk("UA", (1, {"weight": 0})), (UNTRAINED, "the weight 0")),
]

# text-generation-webui modules/training.py, modules/utils.py, of 2026.
TEXTGEN = [
    ("training.py: messages go to the chat template", talk("SAUUA")),
    ("utils.py: neither messages nor conversations", {"text": "x"}, (ERROR, "no list of messages")),
]

TABLES = {
    "openai": OPENAI,
    "together": TOGETHER,
    "trl": TRL,
    "axolotl": AXOLOTL,
    "llama-factory": LLAMA_FACTORY,
    "unsloth": UNSLOTH,
    "mistral-finetune": MISTRAL,
    "text-generation-webui": TEXTGEN,
}
ROWS = [
    pytest.param(trainer, value, expected, id=f"{trainer}: {quote}")
    for trainer, rows in TABLES.items()
    for quote, value, *expected in rows
]


@pytest.mark.parametrize(("trainer", "value", "expected"), ROWS)
def test_a_trainer_does_what_its_source_says(trainer, value, expected):
    for verdict in check(trainer, value, *expected):
        assert verdict.code in CODES
        assert verdict.source


@pytest.mark.parametrize("trainer", TABLES)
def test_each_source_can_be_looked_up(trainer):
    """It names the project's own file, document or issue, as a person would search for it."""
    projects = {"openai": "OpenAI", "together": "together", "trl": "TRL ", "axolotl": "Axolotl "}
    projects |= {"unsloth": "unsloth_zoo/", "llama-factory": "LLaMA-Factory "}
    projects |= {name: f"{name} " for name in ("mistral-finetune", "text-generation-webui")}
    found = [verdict for _, value, *_ in TABLES[trainer] for verdict in judge(trainer, Shape.of(value))]
    assert found
    assert all(projects[trainer] in verdict.source for verdict in found)
    assert projects[trainer] in TRAINERS[trainer].source


STRICT = {
    "openai": "no_assistant empty_content empty_system_content null_content",
    "together": "assistant_first not_alternating duplicate_system_message null_content",
    "trl": "",
    "axolotl": "",
    "llama-factory": (
        "no_assistant assistant_first not_alternating last_not_assistant system_not_first"
        " duplicate_system_message null_content content_not_text"
    ),
    "unsloth": "no_assistant",
    "mistral-finetune": "no_assistant last_not_assistant duplicate_system_message null_content",
    "text-generation-webui": "",
}
SPELT = {"openai", "together", "llama-factory", "mistral-finetune"}


@pytest.mark.parametrize("trainer", TRAINERS)
def test_what_a_trainer_does_not_forgive(trainer):
    expected = {"missing_messages", "message_not_dict", *STRICT[trainer].split()}
    if trainer in SPELT:
        expected |= {"role_canonicalization", "unknown_role"}
    if trainer == "unsloth":
        expected.add("role_canonicalization")
    assert strictness(trainer) == {f"chatml.{code}" for code in expected}
    assert strictness(trainer) <= CODES.keys()


def test_defaults_are_those_of_the_sources():
    """TRL SFTConfig max_length=1024, keep_start; LLaMA-Factory cutoff_len 2048; text-generation-webui 512,
    dropped; Axolotl excess_length_strategy drop."""
    told = {name: (trainer.limit, trainer.excess) for name, trainer in TRAINERS.items()}
    assert told["trl"] == (1024, "cut")
    assert told["llama-factory"] == (2048, "cut")
    assert told["text-generation-webui"] == (512, "drop")
    assert told["axolotl"] == (None, "drop")
    assert TRAINERS["axolotl"].honours == "train"
    assert {name for name in TRAINERS if TRAINERS[name].honours == "weight"} == {
        "openai",
        "together",
        "mistral-finetune",
    }


def test_the_same_thing_is_told_once():
    value = talk("hghg")
    for trainer in TRAINERS:
        found = judge(trainer, Shape.of(value))
        assert len(found) == len(set(found))
