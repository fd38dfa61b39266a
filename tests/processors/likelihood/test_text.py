"""Where a translation begins among the tokens, and what is read of a server's answer."""

import json

from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from processors.clients.responses import Fault, read_response
from processors.likelihood.served import forced_payload, read_likelihood
from processors.likelihood.text import Forced, Forcing

PROMPT = "Into {language}:\n{source}\n"


def byte_tokenizer() -> Tokenizer:
    """A token a byte: most Arabic letters are two of them."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: n for n, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_translation_s_tokens_are_the_translation(source: str, target: str) -> None:
    tokenizer = byte_tokenizer()
    forced = Forcing(tokenizer, PROMPT, "Arabic").forced(source, target)
    assert tokenizer.decode(list(forced.ids[forced.begin :])) == target
    assert tokenizer.decode(list(forced.ids[: forced.begin])) == f"Into Arabic:\n{source}\n"


def test_what_a_tokenizer_adds_is_not_counted() -> None:
    from tokenizers.processors import TemplateProcessing

    tokenizer = byte_tokenizer()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    first, last = tokenizer.token_to_id("<s>"), tokenizer.token_to_id("</s>")
    tokenizer.post_processor = TemplateProcessing("<s> $A </s>", None, [("<s>", first), ("</s>", last)])
    forced = Forcing(tokenizer, PROMPT, "Arabic").forced("hello", "abc")
    assert forced.ids[0] == first and last not in forced.ids and len(forced.ids) - forced.begin == 3


def test_the_mean_is_of_the_translation_s_own_tokens() -> None:
    forced = Forced((7, 8, 9, 9), 2)
    rows = [None, {"8": -9.0}, {"9": -1.0, "4": -0.1}, {"9": -2.0}]
    assert read_likelihood(json.dumps(rows), forced) == -1.5
    # Of other tokens, or of too few.
    assert read_likelihood(json.dumps(rows[:3]), forced) is None
    assert read_likelihood(json.dumps([*rows[:3], {"3": -2.0}]), forced) is None
    assert read_likelihood(json.dumps(rows), Forced((7, 8, 9, 9), 4)) is None
    assert forced_payload(forced)["prompt"] == [7, 8, 9, 9]


def test_a_server_that_returns_none_is_no_server_for_it() -> None:
    body = json.dumps({"choices": [{"text": "x", "logprobs": {"content": []}, "finish_reason": "length"}]}).encode()
    told = read_response(200, {}, body, "prompt_logprobs")
    assert isinstance(told, Fault) and told.kind == "fatal" and "llama.cpp" in told.reason
