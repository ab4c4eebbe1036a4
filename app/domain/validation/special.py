"""Control tokens: the signs by which chat templates mark where a message ends and who speaks."""

# Each from the tokenizer files of the models named; the rule itself is told
# by axolotl's FAQ on EOS: a token that stands in the text ends the turn in training.
SPECIAL_TOKENS = (
    # ChatML, Qwen, Phi-4, Kimi
    "<|im_start|>", "<|im_end|>", "<|im_sep|>", "<|im_system|>", "<|im_user|>", "<|im_assistant|>",
    "<|im_middle|>", "<|endoftext|>", "<|startoftext|>", "<|endofprompt|>",
    # Llama 3 and 4, Granite
    "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    "<|eom_id|>", "<|python_tag|>", "<|header_start|>", "<|header_end|>", "<|eot|>", "<|eom|>",
    "<|start_of_role|>", "<|end_of_role|>",
    # Llama 2, Mistral
    "<s>", "</s>", "<unk>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]",
    "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]",
    # Gemma
    "<bos>", "<eos>", "<pad>", "<start_of_turn>", "<end_of_turn>", "<|turn>", "<turn|>",
    # Phi-3, Zephyr, Metharme, OpenChat, GLM
    "<|system|>", "<|user|>", "<|assistant|>", "<|model|>", "<|end|>", "<|end_of_turn|>", "<|observation|>",
    "[gMASK]", "<sop>", "<eop>",
    # gpt-oss
    "<|start|>", "<|message|>", "<|channel|>", "<|return|>", "<|call|>", "<|constrain|>",
    # Command R, Aya
    "<BOS_TOKEN>", "<EOS_TOKEN>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|SYSTEM_TOKEN|>",
    "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>",
    # DeepSeek
    "<\uff5cbegin▁of▁sentence\uff5c>", "<\uff5cend▁of▁sentence\uff5c>",
    "<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>",
    "<\uff5ctool▁calls▁begin\uff5c>", "<\uff5ctool▁calls▁end\uff5c>",
    "<\uff5ctool▁outputs▁begin\uff5c>", "<\uff5ctool▁outputs▁end\uff5c>",
    # EXAONE, Nemotron
    "[|system|]", "[|user|]", "[|assistant|]", "[|endofturn|]", "<extra_id_0>", "<extra_id_1>",
)  # fmt: skip
