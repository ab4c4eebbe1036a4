"""The codes of validation: what each means, how bad it is, and what can be done, in plain words.

The list and the severities are those of the rules that RoleThread and RoleThread Lite share; where a
code is about what a trainer or a chat template does, its source stands with the targets.
"""

from dataclasses import dataclass

from app.domain.validation.diagnostic import Severity

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


@dataclass(frozen=True, slots=True)
class Code:
    """One code. ``grouped``: its details are few enough to be counted, such as phrases or roles."""

    name: str
    severity: Severity
    title: str
    meaning: str
    advice: str
    grouped: bool = False


_ALL = (
    Code(
        "base.not_dict", ERROR, "A line that is no entry",
        "The line is not a JSON object, so no trainer can read it. It stays in the file as it is.",
        "Open the rejected lines and correct or delete it.",
    ),
    Code(
        "base.unknown_top_level_key", INFO, "A key of another kind",
        "The entry has a key that no known format uses. It is kept, whatever is done to the entry.",
        "Nothing has to be done. A clean export leaves it out.", grouped=True,
    ),
    Code(
        "base.missing_tags", INFO, "No list of tags",
        "The entry has no key “tags”.", "An empty list can be added.",
    ),
    Code(
        "base.tags_not_list", ERROR, "Tags that are no list",
        "The value of “tags” is not a list, so programs that read tags may stop here.",
        "A single text can be put into a list; anything else wants a look.",
    ),
    Code(
        "base.invalid_tag_value", ERROR, "A tag that is no text",
        "A tag is a number, an object or something else that is no text.",
        "Numbers and yes/no values can be written as text.", grouped=True,
    ),
    Code(
        "base.empty_tag", INFO, "An empty tag",
        "A tag is empty or only white space.", "It can be dropped.",
    ),
    Code(
        "base.tag_spelling", INFO, "A tag in another spelling",
        "The tag is not in small letters with underscores, so other programs may take it for another one.",
        "It can be rewritten so.", grouped=True,
    ),
    Code(
        "chatml.missing_messages", ERROR, "No messages",
        "The entry has no key “messages”, or an empty list: there is nothing to learn from.",
        "Write the conversation, or delete the entry.",
    ),
    Code(
        "chatml.messages_not_list", ERROR, "Messages that are no list",
        "The value of “messages” is not a list.", "Correct the entry as JSON, or delete it.",
    ),
    Code(
        "chatml.message_not_dict", ERROR, "A message that is no object",
        "A message is not an object with role and content.", "Correct the entry as JSON, or delete it.",
    ),
    Code(
        "chatml.no_assistant", ERROR, "Nobody answers",
        "The entry has no message of the assistant, so there is nothing to train on.",
        "Write an answer, or delete the entry.",
    ),
    Code(
        "chatml.empty_content", ERROR, "An empty message",
        "A message has no text, or only white space. Many trainers refuse it; others learn to say nothing.",
        "Write the message, or delete it.",
    ),
    Code(
        "chatml.null_content", ERROR, "A message without content",
        "The content of a message is null or missing. Most chat templates fail on it or print “None”. In a"
        " message that calls a tool it is allowed.",
        "Write the message, or delete it.",
    ),
    Code(
        "chatml.content_not_text", INFO, "Content that is no text",
        "The content of a message is a list of parts, or another value but text. It is kept and shown.",
        "Nothing has to be done, if your trainer knows parts.",
    ),
    Code(
        "chatml.empty_system_content", WARNING, "An empty system prompt",
        "A system message has no text.", "It can be removed.",
    ),
    Code(
        "chatml.role_canonicalization", WARNING, "A role in another spelling",
        "A role is spelt in a way that this program knows but most chat templates do not: the message may"
        " vanish, or stop the training.",
        "It can be rewritten as system, user, assistant or tool.", grouped=True,
    ),
    Code(
        "chatml.unknown_role", ERROR, "An unknown role",
        "A role is none that trainers know; often it is the name of a character.",
        "Say on the page of speakers who it is, and whether it is the user or the assistant.", grouped=True,
    ),
    Code(
        "chatml.missing_system_role", INFO, "No system prompt",
        "The entry has no system message. Some chat templates then put in one of their own.",
        "A system prompt can be put in front.",
    ),
    Code(
        "chatml.duplicate_system_message", WARNING, "More than one system message",
        "Many chat templates refuse a second system message or leave it out.",
        "They can be merged into the first.",
    ),
    Code(
        "chatml.system_not_first", WARNING, "A system message that is not first",
        "Many chat templates refuse a system message inside the conversation or leave it out.",
        "It can be merged into the first message.",
    ),
    Code(
        "chatml.not_alternating", INFO, "Two messages in a row by one side",
        "User and assistant do not take turns. Strict chat templates refuse this.",
        "Messages in a row can be merged into one.",
    ),
    Code(
        "chatml.assistant_first", INFO, "The assistant speaks first",
        "The conversation opens with the assistant, as a greeting does. Strict chat templates refuse this,"
        " and some trainers drop the entry.",
        "Move the greeting into the system prompt, put an opening of the user in front, or take it out.",
    ),
    Code(
        "chatml.last_not_assistant", INFO, "The assistant does not have the last word",
        "What follows the last answer is never trained on, and some trainers refuse the entry.",
        "What stands behind the last answer can be cut.",
    ),
    Code(
        "chatml.content_whitespace", INFO, "White space around a message",
        "A message begins or ends with white space. Some chat templates trim it, others teach it.",
        "It can be trimmed.",
    ),
    Code(
        "text.mojibake", WARNING, "Broken letters",
        "Text was read in the wrong encoding once, so that letters turned into pairs of odd signs.",
        "The letters can be put right.",
    ),
    Code(
        "text.control_characters", WARNING, "Control characters",
        "The text holds characters that nobody sees and that no keyboard writes.", "They can be removed.",
    ),
    Code(
        "text.zero_width", INFO, "Invisible characters",
        "The text holds characters of no width, where no script and no emoji needs them.",
        "They can be removed.",
    ),
    Code(
        "text.replacement_character", WARNING, "Lost letters",
        "The text holds the sign � that stands for letters which were lost before it came here.",
        "Look at the passage; what was lost is not to be had from the file.",
    ),
    Code(
        "text.zalgo", WARNING, "Piled-up marks",
        "Letters carry more marks than any writing uses.", "The marks can be removed.",
    ),
    Code(
        "text.mixed_quotes", INFO, "Straight and curly quotes mixed",
        "One message uses both straight and curly quotation marks for speech.",
        "They can be made all straight.",
    ),
    Code(
        "text.special_token", ERROR, "A control token in the text",
        "The text holds a sign by which chat templates mark where a message ends or who speaks. In"
        " training it would cut the message short.",
        "It can be removed, or broken up so that it is only text.", grouped=True,
    ),
    Code(
        "text.macro_left", WARNING, "A placeholder for a name",
        "A macro such as {{user}} or <BOT> was not replaced by a name. The model would learn to write it.",
        "It can be replaced by names of your choice.", grouped=True,
    ),
    Code(
        "chatml.ai_refusal_language", WARNING, "The assistant refuses",
        "The assistant speaks as a language model that refuses, and a model would learn that.",
        "Read it, and rewrite or delete the entry.", grouped=True,
    ),
    Code(
        "chatml.formatting_leakage", INFO, "Formatting in an answer",
        "An answer holds a code fence, a Markdown heading, HTML or a piece of JSON.",
        "Keep it if the model shall write so; rewrite it if not.", grouped=True,
    ),
    Code(
        "style.slop_phrase", INFO, "A worn phrase",
        "An answer holds a phrase of your list of worn ones.",
        "Rewrite those that come too often; the list is yours.", grouped=True,
    ),
    Code(
        "style.speaks_for_user", INFO, "The assistant speaks for the user",
        "An answer says what the user does, thinks or says.",
        "Rewrite it, if your model shall leave that to the user.", grouped=True,
    ),
    Code(
        "style.ooc", INFO, "Out of character",
        "A remark stands outside the story, such as (OOC: …).",
        "Take it out, if the model shall not learn it.", grouped=True,
    ),
    Code(
        "chatml.split_candidate", INFO, "A long conversation",
        "The entry is so long that a trainer may cut it.", "It can be split into several.",
    ),
    Code(
        "character.inactive_reference", INFO, "An inactive character is named",
        "A system prompt names a character that you have set aside.",
        "Activate the character, or change the prompt.", grouped=True,
    ),
    Code(
        "identity.duplicate_uuid", ERROR, "An id that stands twice",
        "Two entries have the same id, so that one may be taken for the other.",
        "All but the first can get a new one.",
    ),
    Code(
        "identity.missing_uuid", INFO, "No id",
        "The entry has no id of its own, so its history is kept by its text.", "It can get one.",
    ),
    Code(
        "duplicate.exact", WARNING, "The same conversation twice",
        "An earlier entry has the same text, white space aside. The model would learn it twice as hard.",
        "Delete this one: the first of them is not counted here.",
    ),
    Code(
        "duplicate.near", INFO, "Nearly the same conversation",
        "An earlier entry has nearly the same words; the opened entry says which.",
        "Compare them, and keep the better one.",
    ),
    Code(
        "privacy.email", INFO, "An e-mail address", "The text holds an e-mail address.",
        "It can be replaced by [email].",
    ),
    Code(
        "privacy.phone", INFO, "A telephone number", "The text holds what looks like a telephone number.",
        "It can be replaced by [phone].",
    ),
    Code(
        "privacy.secret", INFO, "A secret", "The text holds what looks like a password, key or card number.",
        "It can be replaced by [secret].",
    ),
    Code(
        "privacy.address", INFO, "An address", "The text holds a street address or an address in a network.",
        "It can be replaced by [address].",
    ),
    Code(
        "privacy.url", INFO, "A link", "The text holds the address of a web page.",
        "It can be replaced by [link].",
    ),
    Code(
        "privacy.name", INFO, "A name that you never publish",
        "The text holds a name of your list of those that are never to be published.",
        "It can be replaced by [name].", grouped=True,
    ),
    Code(
        "tokens.over_limit", WARNING, "Longer than the context",
        "The entry has more tokens than the context length that you chose. The trainer cuts or drops it.",
        "Split it, or choose a longer context.",
    ),
    Code(
        "target.error", ERROR, "The target refuses it",
        "With the trainer and the chat template that you chose, training stops at this entry.",
        "The page “Target” tells what is behind it, and the fix where there is one.", grouped=True,
    ),
    Code(
        "target.system_refused", ERROR, "The target refuses a system prompt",
        "The chat template that you chose has no place for a system prompt, so that training stops here.",
        "Fold the system prompt into the first message of the user.",
    ),
    Code(
        "target.dropped", ERROR, "The target drops it",
        "The trainer that you chose leaves this entry out; the training goes on with the others.",
        "The page “Target” tells what is behind it, and the fix where there is one.", grouped=True,
    ),
    Code(
        "target.cut", WARNING, "The target cuts it",
        "The entry is longer than the trainer takes, so that its end is lost.",
        "Split the entry, or set a longer context in trainer and target.", grouped=True,
    ),
    Code(
        "target.system_lost", WARNING, "The system prompt is lost",
        "The chat template leaves the system prompt of this entry out of the training text.",
        "Fold the system prompt into the first message of the user.",
    ),
    Code(
        "target.system_added", INFO, "A hidden system prompt comes in",
        "The chat template puts a system prompt of its own before this entry, because it has none.",
        "Add a system prompt of your own, or know that this one will be learnt.",
    ),
    Code(
        "target.text_lost", ERROR, "Text is lost",
        "The chat template leaves the text of a message out of the training text.",
        "The page “Target” tells what is behind it, and the fix where there is one.", grouped=True,
    ),
    Code(
        "target.untrained", ERROR, "Nothing of it is trained",
        "Not one token of this entry would be learnt from.",
        "It needs an answer of the assistant that is not masked.", grouped=True,
    ),
    Code(
        "target.altered", INFO, "The target changes the text",
        "The trainer or its template trims, replaces or ignores a part of this entry.",
        "Nothing has to be done, if you can live with it.", grouped=True,
    ),
)  # fmt: skip
CODES = {code.name: code for code in _ALL}
GROUPED = frozenset(code.name for code in _ALL if code.grouped)
