import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.domains.train import examples, train
from processors.errors import InputError
from processors.selection.domains import (
    DOMAINS,
    DomainIndex,
    build_domain_index,
    classify,
    domain_from_columns,
    domain_of,
    features,
    prompt_hash,
)
from tests.standins.processes import ROOT

CODE = (
    "Petya has a permutation of n numbers. Print the least number of swaps that sorts it.\n\n"
    "Input\nThe first line contains n (1 ≤ n ≤ 1000).\n\nOutput\nOne integer.\n\nSample Input\n3\n3 1 2"
)
MATH = "Let $x$ and $y$ be positive integers such that $x^2 - y^2 = 45$. Find the sum of all possible values of $x$."
SCIENCE = (
    "What product forms when cyclohexanone is treated with methylmagnesium bromide, followed by aqueous acid? "
    "Explain the mechanism of the reaction."
)


def row(prompt: str, **columns: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": "Here."}]
    return {"messages": messages, "chat_template_kwargs": None, "source": "OpenThoughts3"} | columns


def original(path: Path, pairs: list[tuple[str, str]]) -> None:
    """A shard of the original's schema, with the answers that make it large."""
    rows = [
        {
            "difficulty": 7,
            "source": "x",
            "domain": domain,
            "conversations": [{"from": "human", "value": prompt}, {"from": "gpt", "value": "<think>\n"}],
        }
        for prompt, domain in pairs
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


@pytest.mark.parametrize(
    ("columns", "domain"),
    [
        ({"domain": "math"}, "math"),
        ({"domain": " Mathematics "}, "math"),
        ({"source": "stackexchange-physics"}, "science"),
        ({"metadata": {"domain": "code"}}, "code"),
        ({"metadata": '{"source": "nvidia/OpenCodeReasoning"}'}, "code"),
        ({"source": {"domain": "chemistry"}}, "science"),
        ({"domain": "poetry"}, None),
        ({"metadata": "{broken"}, None),
        ({"domain": None, "metadata": None}, None),
        ({}, None),
    ],
)
def test_domain_from_a_column(columns: dict[str, Any], domain: str | None) -> None:
    assert domain_from_columns(row(MATH, **columns)) == domain


@pytest.mark.parametrize(("prompt", "domain"), [(CODE, "code"), (MATH, "math"), (SCIENCE, "science")])
def test_classifier_on_clear_prompts(prompt: str, domain: str) -> None:
    name, probability = classify(prompt)
    assert name == domain
    assert 1 / 3 < probability <= 1


@given(st.text(max_size=200))
def test_classifier_always_answers(prompt: str) -> None:
    name, probability = classify(prompt)
    assert name in DOMAINS
    assert 0.33 < probability <= 1


def test_column_before_index_before_classifier() -> None:
    index = DomainIndex.from_pairs([(MATH, "science")])
    assert domain_of(row(MATH, domain="code"), index).how == "column"
    joined = domain_of(row(f"  {MATH}\n"), index)
    assert (joined.name, joined.how) == ("science", "join")
    guessed = domain_of(row(CODE), index)
    assert (guessed.name, guessed.how) == ("code", "classifier")
    assert domain_of(row(SCIENCE)).how == "classifier"


def test_prompt_hash_ignores_white_space_and_composition_only() -> None:
    assert prompt_hash("a  b\r\n c ") == prompt_hash("a b c")
    assert prompt_hash("cafe\u0301") == prompt_hash("caf\u00e9")
    assert prompt_hash("a b") != prompt_hash("A b")
    assert isinstance(prompt_hash("\ud800"), int)


def test_index_of_the_originals_shards(tmp_path: Path) -> None:
    original(tmp_path / "data" / "train-00000.parquet", [(CODE, "code")] * 16 + [(MATH, "math"), ("both", "code")])
    original(tmp_path / "data" / "train-00001.parquet", [(SCIENCE, "science"), ("both", "math"), ("odd", "law")])
    index = build_domain_index(str(tmp_path))
    assert (len(index), index.ambiguous) == (3, 1)
    assert [index.get(text) for text in (CODE, MATH, SCIENCE)] == ["code", "math", "science"]
    assert [index.get(text) for text in ("both", "odd", "")] == [None, None, None]
    index.save(tmp_path / "index.npz")
    loaded = DomainIndex.load(tmp_path / "index.npz")
    assert np.array_equal(loaded.hashes, index.hashes)
    assert loaded.get(MATH) == "math"
    assert loaded.ambiguous == 1


def test_index_skips_system_and_empty_conversations(tmp_path: Path) -> None:
    said = [{"role": "system", "content": "s"}, {"role": "user", "content": MATH}]
    rows = [{"domain": "math", "messages": said}, {"domain": "code", "messages": []}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    index = build_domain_index(str(tmp_path / "a.parquet"))
    assert len(index) == 1
    assert index.get(MATH) == "math"


def test_index_from_a_prompt_column(tmp_path: Path) -> None:
    pq.write_table(pa.table({"domain": ["code"], "prompt": [CODE]}), tmp_path / "a.parquet")
    assert build_domain_index(str(tmp_path / "a.parquet")).get(CODE) == "code"


def test_index_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no Parquet file"):
        build_domain_index(str(tmp_path))
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="columns text; expected 'domain'"):
        build_domain_index(str(tmp_path))
    (tmp_path / "broken.npz").write_bytes(b"not an index")
    with pytest.raises(InputError, match="is not a domain index"):
        DomainIndex.load(tmp_path / "broken.npz")


@given(st.dictionaries(st.text(min_size=1, max_size=12).filter(str.strip), st.sampled_from(DOMAINS), max_size=20))
def test_index_finds_every_prompt_it_was_made_of(pairs: dict[str, Any]) -> None:
    index = DomainIndex.from_pairs(pairs.items())
    for prompt, domain in pairs.items():
        assert index.get(prompt) in (domain, None)
    assert len(index) + index.ambiguous == len({prompt_hash(prompt) for prompt in pairs})


def test_the_shipped_model_is_what_the_script_makes() -> None:
    made = train(examples())
    shipped = json.loads((ROOT / "processors" / "selection" / "domains.json").read_text(encoding="utf-8"))
    for name in made["weights"].keys() | shipped["weights"].keys():
        ours, theirs = made["weights"].get(name, [0, 0, 0]), shipped["weights"].get(name, [0, 0, 0])
        assert np.allclose(ours, theirs, atol=0.03), name
    assert np.allclose(made["bias"], shipped["bias"], atol=0.03)


def test_a_huge_prompt_is_read_in_its_beginning_only() -> None:
    assert features(MATH.ljust(4000) + "stdin " * 1_000_000) == features(MATH)
