"""What is named as data or template and cannot be read is told in one line, with its row where there is one."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.run_folder import schemas
from model_recipes.training.data import CONVERSATIONS, PAIRS, load_part, load_tokenizer, read_template
from model_recipes.training.lengths import run_tokens
from model_recipes.training.settings import RowSource
from processors.errors import InputError

ROW = b'{"messages": [{"role": "user", "content": "a"}]}\n'


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("nothing.jsonl", None, r"nothing\.jsonl: no such file$"),
        ("nothing", None, r"nothing: no such file or folder, and the Hub's datasets are named USER/NAME$"),
        ("empty.jsonl", b"", r"empty\.jsonl: is empty; expected JSON lines or Parquet with the column 'messages'$"),
        ("blank.jsonl", b"\n \n", "is empty; expected"),
        ("broken.jsonl", ROW + b'{"messages": [{"ro\n', r"broken\.jsonl: no dataset .*\(JSON parse error: .*row 1"),
    ],
)
def test_data_that_cannot_be_read_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: bytes | None, said: str
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    if text is not None:
        (tmp_path / name).write_bytes(text)
    with pytest.raises(InputError, match=said) as error:
        load_part(RowSource(path=str(tmp_path / name), split="train"))
    assert "\n" not in str(error.value)


def test_a_name_without_a_user_is_told_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_recipes.training.lengths.load_tokenizer", lambda *_: pytest.fail("loaded"))
    with pytest.raises(
        InputError, match=r"^nope: no such file or folder, and the Hub's datasets are named USER/NAME$"
    ):
        run_tokens("nope", "any", name=None, split="all", max_lengths=[8], template=None, plain=True)
    with pytest.raises(InputError, match=r"^datasets: nope: no such file or folder, "):
        load_part(RowSource(path="nope"))


def test_a_template_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "t.jinja").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match=r"^--template t: is no UTF-8 text \(byte 3\); expected a Jinja template$"):
        read_template(tmp_path / "t.jinja", "--template t")
    with pytest.raises(InputError, match="no such file; expected a Jinja template"):
        read_template(tmp_path / "none.jinja", "--template none")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("name", "a file has no name nope; leave it out"),
        ("revision", "a file has no revision nope; leave it out"),
        ("split", "no split 'nope'; it has train"),
    ],
)
def test_what_a_file_does_not_have_is_not_ignored(
    key: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"messages": []}\n')
    with pytest.raises(InputError, match=said):
        load_part(RowSource.model_validate({"path": str(rows), key: "nope"}))


@pytest.mark.parametrize("pairs", [False, True])
def test_the_source_is_not_taken_for_its_translation(
    pairs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    for config, schema in {
        "SFT_a_ranked": schemas.ranked(pairs=pairs),
        "SFT_b_ranked": schemas.ranked(pairs=pairs),
        "parallel": schemas.parallel(pairs=pairs),
    }.items():
        (tmp_path / "data" / config).mkdir(parents=True)
        row = {name: said for name in ("messages", "prompt", "chosen", "rejected") if name in schema.names}
        rows = pa.Table.from_pylist([{"id": "x/0", **row, "candidates": [{"translator": "a"}]}], schema)
        pq.write_table(rows, tmp_path / "data" / config / "train-00000-of-00001.parquet")
    configs = "\n".join(f"- {{config_name: {c}, data_dir: {c}}}" for c in ("SFT_a_ranked", "SFT_b_ranked", "parallel"))
    (tmp_path / "data" / "README.md").write_text(f"---\nconfigs:\n{configs}\n---\n")

    reads = PAIRS if pairs else CONVERSATIONS
    for config in ("SFT_a_ranked", "SFT_b_ranked"):
        assert len(load_part(RowSource(path=str(tmp_path / "data"), name=config), reads)) == 1
    with pytest.raises(
        InputError, match=r"data/parallel all: .* take the config SFT_a_ranked or SFT_b_ranked$"
    ) as error:
        load_part(RowSource(path=str(tmp_path / "data"), name="parallel"), reads)
    assert "\n" not in str(error.value)
    # Its file, under whatever name.
    moved = (tmp_path / "data/parallel/train-00000-of-00001.parquet").rename(tmp_path / "arabic.parquet")
    with pytest.raises(InputError, match=r"arabic\.parquet all: .* take rows of a ranked config$"):
        load_part(RowSource(path=str(moved)), reads)


def test_a_tokenizer_that_neither_is_a_folder_nor_can_be_on_the_hub_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transformers = SimpleNamespace(
        AutoTokenizer=SimpleNamespace(from_pretrained=lambda *_, **__: pytest.fail("asked for it"))
    )
    monkeypatch.setitem(sys.modules, "transformers", transformers)
    with pytest.raises(
        InputError, match=r"^--tokenizer nope: no such folder, and the Hub's models are named USER/NAME$"
    ):
        load_tokenizer("nope", None, "--tokenizer")
