"""The families that take messages in any order, and those that leave out what they do not expect.

How each behaves was seen by rendering the published template that ``source`` names.
"""

from typing import Any

_AXOLOTL = "axolotl@067b021 chat_templates/templates/{}.jinja"
_TRL = "trl@f2cd577 trl/chat_templates/{}.jinja"
_PART = "Only the beginning of the system prompt that it brings along is shown here; the real one is longer."
_DATED = (
    "It writes the date of the day into the text, so that two runs are not the same; here it is always"
    " 26 July 2024."
)
# The text of a message that may be a list of parts. The first fails on null, the second takes it for no text.
_TEXT = (
    "(message.content if message.content is string else"
    " message.content | list | selectattr('text', 'defined') | map(attribute='text') | join)"
)
_TEXT_OR_NONE = _TEXT.replace("else message.content", "else (message.content or [])")

_CHATML = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role + '\\n' + message.content }}<|im_end|>\n"
    "{% endfor %}"
)

_LLAMA3 = (
    "{% for message in messages %}"
    "{{ bos_token if loop.first }}<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n"
    "{{ " + _TEXT_OR_NONE + " | trim }}<|eot_id|>"
    "{% endfor %}"
)

_LLAMA31 = (
    "{% set opened = messages[0].role == 'system' %}"
    "{{ bos_token }}<|start_header_id|>system<|end_header_id|>\n\n"
    "Cutting Knowledge Date: December 2023\n"
    "Today Date: {{ strftime_now('%d %b %Y') }}\n\n"
    "{{ messages[0].content | trim if opened }}<|eot_id|>"
    "{% for message in messages[1 if opened else 0:] %}"
    "<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n{{ message.content | trim }}<|eot_id|>"
    "{% endfor %}"
)

_LLAMA4 = (
    "{{ bos_token }}{% for message in messages %}"
    "<|header_start|>{{ message.role }}<|header_end|>\n\n{{ " + _TEXT + " | trim }}<|eot|>"
    "{% endfor %}"
)

_MISTRAL_V7 = (
    "{{ bos_token }}"
    "{% if messages[0].role != 'system' %}"
    "[SYSTEM_PROMPT]You are Mistral Small 3, a Large Language Model (LLM) created by Mistral AI."
    " The current date is {{ strftime_now('%Y-%m-%d') }}.[/SYSTEM_PROMPT]"
    "{% endif %}"
    "{% for message in messages %}"
    "{% set text = " + _TEXT_OR_NONE + " %}"
    "{% if message.role == 'user' %}[INST]{{ text }}[/INST]"
    "{% elif message.role == 'system' %}[SYSTEM_PROMPT]{{ text }}[/SYSTEM_PROMPT]"
    "{% elif message.role == 'assistant' %}{{ text + eos_token }}"
    "{% else %}{{ raise_exception('Only user, system and assistant are roles here.') }}"
    "{% endif %}{% endfor %}"
)

_QWEN25 = (
    "{% if messages[0].role != 'system' %}"
    "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
    "{% endif %}"
    "{% for message in messages %}{% if message.role in ['system', 'user', 'assistant'] %}"
    "<|im_start|>{{ message.role + '\\n' + message.content }}<|im_end|>\n"
    "{% endif %}{% endfor %}"
)

# What is thought stays only behind the last question; the very last answer always has a place for it.
_QWEN3 = (
    "{% set asked = namespace(at=messages | length - 1) %}"
    "{% for message in messages | reverse %}{% if message.role == 'user' %}"
    "{% set asked.at = loop.revindex0 %}{% break %}"
    "{% endif %}{% endfor %}"
    "{% for message in messages %}"
    "{% set text = message.content if message.content is string else '' %}"
    "{% if message.role == 'user' or message.role == 'system' %}"
    "<|im_start|>{{ message.role + '\\n' + text }}<|im_end|>\n"
    "{% elif message.role == 'assistant' %}"
    "{% set thought = '' %}"
    "{% if '</think>' in text %}"
    "{% set thought = text.split('</think>')[0].split('<think>')[-1].strip('\\n') %}"
    "{% set text = text.split('</think>')[-1].lstrip('\\n') %}"
    "{% endif %}"
    "<|im_start|>assistant\n"
    "{% if loop.index0 > asked.at and (loop.last or thought) %}"
    "{{ '<think>\\n' + thought + '\\n</think>\\n\\n' + text.lstrip('\\n') }}"
    "{% else %}{{ text }}{% endif %}<|im_end|>\n"
    "{% endif %}{% endfor %}"
)

_PHI35 = (
    "{% for message in messages %}"
    "{% if message.role in ['user', 'assistant'] or (message.role == 'system' and message.content) %}"
    "<|{{ message.role + '|>\\n' + message.content }}<|end|>\n"
    "{% endif %}{% endfor %}"
)
_PHI3 = _PHI35.replace("== 'system' and message.content", "== 'system'") + "{{ eos_token }}"

_METHARME = (
    "{{ bos_token }}{% set opened = messages[0].role == 'system' %}"
    "<|system|>{{ messages[0].content if opened else"
    " 'Enter RP mode. You shall reply to the user while staying in character.' }}"
    "{% for message in messages[1 if opened else 0:] %}"
    "{% if message.role == 'user' %}<|user|>{{ message.content.strip() }}"
    "{% elif message.role == 'assistant' %}<|model|>{{ message.content.strip() }}"
    "{% endif %}{% endfor %}{{ eos_token }}"
)

_ALPACA = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'system' and loop.first %}{{ message.content }}"
    "{% elif message.role == 'user' %}### Instruction:\n{{ message.content + '' }}"
    "{% elif message.role == 'assistant' %}### Response:\n{{ message.content + eos_token }}"
    "{% endif %}{{ '\\n\\n' if not loop.last }}{% endfor %}"
)

_COMMAND_A = (
    "{% set opened = messages[0].role == 'system' %}"
    "{{ bos_token }}<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|># System Preamble\n"
    "You are in contextual safety mode.\n\nYour information cutoff date is June 2024."
    "{% if opened %}\n\n# Developer Preamble\n{{ messages[0].content }}{% endif %}"
    "<|END_OF_TURN_TOKEN|>"
    "{% for message in messages[1 if opened else 0:] %}"
    "{% if message.role == 'system' %}"
    "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>{{ message.content }}<|END_OF_TURN_TOKEN|>"
    "{% elif message.role == 'user' %}"
    "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>{{ message.content }}<|END_OF_TURN_TOKEN|>"
    "{% elif message.role == 'assistant' %}"
    "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|><|START_RESPONSE|>{{ message.content }}"
    "<|END_RESPONSE|><|END_OF_TURN_TOKEN|>"
    "{% endif %}{% endfor %}"
)

_DEEPSEEK_END = "<\uff5cend\u2581of\u2581sentence\uff5c>"

# Every system prompt goes to the front, wherever it stood; what was thought is left out.
_DEEPSEEK = (
    "{{ bos_token }}"
    "{{ messages | selectattr('role', 'equalto', 'system') | map(attribute='content') | join('\\n\\n') }}"
    "{% for message in messages %}"
    "{% set text = message.content if message.content is string else '' %}"
    "{% if message.role == 'user' %}<\uff5cUser\uff5c>{{ text }}"
    "{% elif message.role == 'assistant' %}<\uff5cAssistant\uff5c>{{ text.split('</think>')[-1] }}"
    "{{ eos_token }}{% endif %}{% endfor %}"
)

_GPT_OSS = (
    "{% set opened = messages[0].role in ['system', 'developer'] %}"
    "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\n"
    "Knowledge cutoff: 2024-06\nCurrent date: {{ strftime_now('%Y-%m-%d') }}\n\nReasoning: medium\n\n"
    "# Valid channels: analysis, commentary, final. Channel must be included for every message.<|end|>"
    "{% if opened and messages[0].content %}"
    "<|start|>developer<|message|># Instructions\n\n{{ messages[0].content }}\n\n<|end|>"
    "{% endif %}"
    "{% for message in messages[1 if opened else 0:] %}"
    "{% if message.role == 'user' %}<|start|>user<|message|>{{ message.content }}<|end|>"
    "{% elif message.role == 'assistant' %}"
    "{% if '<|channel|>' in message.content %}"
    "{{ raise_exception('An answer holds a <|channel|> token.') }}{% endif %}"
    "<|start|>assistant<|channel|>final<|message|>{{ message.content }}"
    "{{ '<|return|>' if loop.last else '<|end|>' }}"
    "{% endif %}{% endfor %}"
)

_EXAONE = (
    "{% for message in messages %}"
    "{% if loop.first and message.role != 'system' %}[|system|][|endofturn|]\n{% endif %}"
    "[|{{ message.role + '|]' + message.content }}"
    "{{ '\\n' if message.role == 'user' else '[|endofturn|]\\n' }}"
    "{% endfor %}"
)

_FALCON_H1 = (
    "{{ bos_token }}{% for message in messages %}{% if message.role != 'system' or loop.first %}"
    "<|im_start|>{{ message.role + '\\n' + message.content }}<|im_end|>\n"
    "{% endif %}{% endfor %}"
)

_NEMOTRON_H = (
    "{% for message in messages %}"
    "{% if message.role not in ['user', 'assistant'] and not (loop.first and message.role == 'system') %}"
    "{{ raise_exception('A message of the role ' + message.role + ' is not expected here.') }}"
    "{% endif %}"
    "<|im_start|>{{ message.role + '\\n' + message.content }}<|im_end|>\n"
    "{% endfor %}"
)

OPEN: tuple[dict[str, Any], ...] = (
    {
        # Its models have vocabularies of many makers; Qwen's is the one on board that has its tokens.
        "name": "chatml", "title": "ChatML", "models": "Hermes, Dolphin, Yi and many others",
        "template": _CHATML, "eos_token": "<|im_end|>", "turn_end": "<|im_end|>", "vocabulary": "qwen3",
        "source": _AXOLOTL.format("chatml"),
    },
    {
        "name": "llama3", "title": "Llama 3", "models": "Llama 3",
        "template": _LLAMA3, "bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>",
        "turn_end": "<|eot_id|>", "vocabulary": "llama3", "source": _AXOLOTL.format("llama3"),
    },
    {
        "name": "llama3.1", "title": "Llama 3.1", "models": "Llama 3.1, 3.2 and 3.3",
        "template": _LLAMA31, "bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>",
        "turn_end": "<|eot_id|>", "vocabulary": "llama3", "source": _TRL.format("llama3_1"),
        "notes": (
            "It writes two dates into the system prompt. That of Llama 3.2 is the day of the training, so"
            " that two runs are not the same; here it is always 26 July 2024.",
        ),
    },
    {
        "name": "llama4", "title": "Llama 4", "models": "Llama 4 Scout, Maverick",
        "template": _LLAMA4, "bos_token": "<|begin_of_text|>", "eos_token": "<|eot|>", "turn_end": "<|eot|>",
        "source": _AXOLOTL.format("llama4"),
    },
    {
        "name": "mistral-v7", "title": "Mistral v7 (Tekken)", "models": "Mistral Small 3, Mistral Large 2411",
        "template": _MISTRAL_V7, "bos_token": "<s>", "eos_token": "</s>", "turn_end": "</s>",
        "source": _AXOLOTL.format("mistral_v7_tekken"), "notes": (_PART, _DATED),
    },
    {
        "name": "qwen2.5", "title": "Qwen 2.5", "models": "Qwen 2.5",
        "template": _QWEN25, "eos_token": "<|im_end|>", "turn_end": "<|im_end|>", "vocabulary": "qwen3",
        "source": _AXOLOTL.format("qwen_25"),
    },
    {
        "name": "qwen3", "title": "Qwen 3", "models": "Qwen 3",
        "template": _QWEN3, "eos_token": "<|im_end|>", "turn_end": "<|im_end|>", "vocabulary": "qwen3",
        "source": _AXOLOTL.format("qwen3"),
        "notes": ("What was thought in earlier turns is left out; the last answer gets an empty thought.",),
    },
    {
        "name": "phi3", "title": "Phi 3", "models": "Phi 3",
        "template": _PHI3, "bos_token": "<s>", "eos_token": "<|endoftext|>", "turn_end": "<|end|>",
        "source": _TRL.format("phi3"),
    },
    {
        "name": "phi3.5", "title": "Phi 3.5", "models": "Phi 3.5",
        "template": _PHI35, "bos_token": "<s>", "eos_token": "<|endoftext|>", "turn_end": "<|end|>",
        "source": _AXOLOTL.format("phi_35"),
    },
    {
        "name": "metharme", "title": "Metharme", "models": "Pygmalion, Metharme and merges of them",
        "template": _METHARME, "bos_token": "<s>", "eos_token": "</s>", "turn_end": "</s>",
        "source": _AXOLOTL.format("metharme"),
        "notes": (_PART, "It ends the text only once, behind the last message."),
    },
    {
        "name": "alpaca", "title": "Alpaca", "models": "models trained on “### Instruction:”",
        "template": _ALPACA, "bos_token": "<s>", "eos_token": "</s>", "turn_end": "</s>",
        "source": _AXOLOTL.format("alpaca"),
    },
    {
        "name": "command-a", "title": "Command A", "models": "Command A, Command R7B",
        "template": _COMMAND_A, "bos_token": "<BOS_TOKEN>", "eos_token": "<|END_OF_TURN_TOKEN|>",
        "turn_end": "<|END_RESPONSE|><|END_OF_TURN_TOKEN|>", "source": _AXOLOTL.format("command_a"),
        "notes": (_PART,),
    },
    {
        "name": "deepseek-v3", "title": "DeepSeek V3", "models": "DeepSeek V3, R1",
        "template": _DEEPSEEK, "bos_token": "<\uff5cbegin\u2581of\u2581sentence\uff5c>",
        "eos_token": _DEEPSEEK_END, "turn_end": _DEEPSEEK_END, "source": _AXOLOTL.format("deepseek_v3"),
    },
    {
        "name": "gpt-oss", "title": "gpt-oss (Harmony)", "models": "gpt-oss 20b and 120b",
        "template": _GPT_OSS, "eos_token": "<|return|>", "turn_end": "<|end|>", "vocabulary": "o200k_base",
        "source": _TRL.format("gptoss"), "notes": (_DATED,),
    },
    {
        "name": "exaone", "title": "EXAONE 3", "models": "EXAONE 3 and 3.5",
        "template": _EXAONE, "bos_token": "[BOS]", "eos_token": "[|endofturn|]", "turn_end": "[|endofturn|]",
        "source": _AXOLOTL.format("exaone"),
    },
    {
        "name": "falcon-h1", "title": "Falcon H1", "models": "Falcon H1",
        "template": _FALCON_H1, "bos_token": "<|begin_of_text|>", "eos_token": "<|im_end|>",
        "turn_end": "<|im_end|>", "source": _AXOLOTL.format("falcon_h1"),
    },
    {
        "name": "nemotron-h", "title": "Nemotron H", "models": "Nemotron H",
        "template": _NEMOTRON_H, "eos_token": "<|im_end|>", "turn_end": "<|im_end|>",
        "source": _AXOLOTL.format("nemotron_h"),
    },
)  # fmt: skip
