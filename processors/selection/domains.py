"""The domain of a row (code, math or science), by which the OpenThoughts3 splits are stratified.

SmolTalk2 carries no domain column, so three ways are tried in turn: a column of the row; the original OpenThoughts3,
joined by prompt; a small linear classifier of the prompt (`domains.json`, made by `benchmarks/domains/train.py`,
measured by `benchmarks/domains/measure.py`).
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from processors.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

DomainName = Literal["code", "math", "science"]
DOMAINS: tuple[DomainName, ...] = get_args(DomainName)

_NAMES: dict[str, DomainName] = {
    "code": "code",
    "coding": "code",
    "programming": "code",
    "math": "math",
    "maths": "math",
    "mathematics": "math",
    "science": "science",
    "physics": "science",
    "chemistry": "science",
    "biology": "science",
    # The `source` values of open-thoughts/OpenThoughts3-1.2M.
    "nvidia/opencodereasoning": "code",
    "stackexchange_codegolf": "code",
    "ai2-adapt-dev/openmath-2-math": "math",
    "stackexchange-physics": "science",
    "organic-chemistry-questions": "science",
}
_WORD = re.compile(r"[a-z]{2,}")
# Of a word its first letters: "calculate", "calculation" and "calculator" are one, without a stemmer.
_STEM = 6
# A prompt says in its beginning what it is; a bound keeps one 5 MB prompt from holding up a scan.
_READ = 4000
_STOP_WORDS = (
    "the of and to in is that it for on as with are be by this an or at from was which will not have has can if "
    "but your you we they he she his her their its into all each been were than then there these those such"
)
_STOP = frozenset(_STOP_WORDS.split())
_PATTERNS: dict[str, re.Pattern[str]] = {
    "fence": re.compile(r"```|~~~"),
    "source code": re.compile(r"\b(?:def|class|import|return|void|int|print|lambda)\b[ (].{0,60}[(:;=]|#include|=>"),
    "stdin": re.compile(r"\b(?:stdin|stdout|standard (?:in|out)put|input format|output format)\b", re.IGNORECASE),
    "input and output": re.compile(
        r"^\W*(?:sample )?(?:input|output|examples?|constraints|test cases)\b", re.I | re.M
    ),
    "list of numbers": re.compile(r"\[\s*-?\d+(?:\s*,\s*-?\d+)+\s*\]"),
    "golf": re.compile(r"code.?golf|shortest (?:code|answer|program)|fewest bytes|in bytes", re.IGNORECASE),
    "complexity": re.compile(r"\bO\([^)]{1,12}\)"),
    "identifier": re.compile(r"\b[a-z]+_[a-z_]+\b|\b[a-z]+[A-Z][a-z]+\w*\(|\w\(\)"),
    "LaTeX": re.compile(r"\\(?:frac|sqrt|sum|int|cdot|angle|triangle|boxed|begin|left|text)|\$[^$\n]{1,80}\$"),
    "quantity": re.compile(r"\bhow (?:many|much|long|old|far|tall|heavy)\b", re.IGNORECASE),
    "money": re.compile(r"[$£€]\d"),
    "chemical formula": re.compile(r"\b(?:[A-Z][a-z]?\d*){1,}[A-Z][a-z]?\d+(?:[A-Z][a-z]?\d*)*\b|[A-Z]_\{?\d\}?[A-Z]"),
    "bond": re.compile(
        r"\(=O\)|c1cc|C=C|\b\d(?:,\d)*-(?:di|tri)?[a-z]{3,}|(?:meth|eth|prop|but|pent|hex)(?:yl|ane|ene)"
    ),
    "unit": re.compile(
        r"\d\s?(?:\\text\{)?\s?(?:m/s|km/s|kg|mol|mM|kJ|J|eV|keV|MeV|nm|Hz|kHz|MHz|GHz|N|V|atm|°C|K|mL|kPa|Pa|T|W|mA)\b"
    ),
    "LaTeX unit": re.compile(
        r"\\(?:mathrm|text|rm)\s*\{\s*~?\s*(?:k|m|c|n|M|G)?(?:m|g|s|J|K|V|A|Pa|bar|mol|eV|Hz|C|L|N|T|W|F|atm)\b"
    ),
    "nature": re.compile(r"\\(?:hbar|langle|nabla|psi|Psi|omega)\b|\bdegrees? C|°C"),
    "equation": re.compile(r"\b[a-z]\s?(?:\^|\*\*)\s?\d|\b\d*[xyzn]\s?[-+=]\s?\d"),
}


@dataclass(frozen=True, slots=True)
class Domain:
    """A row's domain, how it was found, and the classifier's probability (1.0 for a column or a join)."""

    name: DomainName
    how: Literal["column", "join", "classifier"]
    probability: float = 1.0


def domain_of(row: Mapping[str, Any], index: "DomainIndex | None" = None) -> Domain:
    """The domain of a row that `row_problem` accepts: from a column, else from the index, else by the classifier."""
    named = domain_from_columns(row)
    if named:
        return Domain(named, "column")
    prompt = first_prompt(row["messages"])
    joined = index.get(prompt) if index else None
    if joined:
        return Domain(joined, "join")
    name, probability = classify(prompt)
    return Domain(name, "classifier", probability)


def domain_from_columns(row: Mapping[str, Any]) -> DomainName | None:
    """The domain that the row names in `domain`, in `source`, or in those of a nested `metadata`, `extra` or `source`.

    A nested column may be an object or its JSON. `source` counts where it is one of the original's source names.
    """
    for column in ("domain", "source"):
        value = row.get(column)
        if isinstance(value, str) and value.strip().lower() in _NAMES:
            return _NAMES[value.strip().lower()]
    for column in ("metadata", "extra", "source"):
        value = row.get(column)
        if isinstance(value, str) and value.lstrip().startswith("{"):
            try:
                value = json.loads(value)
            except ValueError:
                continue
        if isinstance(value, Mapping):
            named = domain_from_columns(value)
            if named:
                return named
    return None


def first_prompt(messages: Iterable[Mapping[str, Any]]) -> str:
    """The content of the first user message; "" without one."""
    return next((message["content"] for message in messages if message["role"] == "user"), "")


def prompt_hash(prompt: str) -> int:
    """64-bit hash of a prompt after Unicode NFC and with every run of white space as one space."""
    normal = " ".join(unicodedata.normalize("NFC", prompt).split())
    return int.from_bytes(blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class DomainIndex:
    """Domains by prompt hash: two arrays sorted by hash, 9 bytes a prompt. A prompt with two domains is left out."""

    def __init__(self, hashes: np.ndarray, codes: np.ndarray, ambiguous: int = 0) -> None:
        self.hashes = hashes
        self.codes = codes
        self.ambiguous = ambiguous

    def __len__(self) -> int:
        return len(self.hashes)

    def get(self, prompt: str) -> DomainName | None:
        """The domain of this prompt in the original, or None if it is not there."""
        wanted = np.uint64(prompt_hash(prompt))
        at = int(np.searchsorted(self.hashes, wanted))
        return DOMAINS[self.codes[at]] if at < len(self.hashes) and self.hashes[at] == wanted else None

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, hashes=self.hashes, codes=self.codes, ambiguous=np.int64(self.ambiguous))

    @classmethod
    def load(cls, path: Path) -> "DomainIndex":
        """Raises InputError if the file is not an index."""
        try:
            with np.load(path) as data:
                return cls(data["hashes"], data["codes"], int(data["ambiguous"]))
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} is not a domain index ({error}); delete it, and it is built again") from error

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, DomainName]]) -> "DomainIndex":
        """Of (prompt, domain); OpenThoughts3 has most prompts 16 times, so equal pairs count once."""
        seen: dict[int, int] = {}
        ambiguous: set[int] = set()
        for prompt, domain in pairs:
            hashed, code = prompt_hash(prompt), DOMAINS.index(domain)
            if seen.setdefault(hashed, code) != code:
                ambiguous.add(hashed)
        hashes = np.array(sorted(seen.keys() - ambiguous), dtype=np.uint64)
        codes = np.array([seen[int(h)] for h in hashes], dtype=np.uint8)
        return cls(hashes, codes, len(ambiguous))


def build_domain_index(path: str) -> DomainIndex:
    """The index of the original's Parquet shards: a file, a folder or an `hf://datasets/...` path.

    Columns: `domain`, and the prompt in `prompt`, `conversations` (from, value) or `messages` (role, content).
    Only these columns are read; over the network that is still most of the original's 28 GB, once.
    Raises InputError if there is no shard, a column is missing or no row has a known domain.
    """
    index = DomainIndex.from_pairs(_original_pairs(path))
    if not len(index):
        raise InputError(f"{path}: no row has a prompt and a domain, expected one of {', '.join(DOMAINS)} in 'domain'")
    return index


def _original_pairs(path: str) -> Iterator[tuple[str, DomainName]]:
    import fsspec
    import pyarrow.parquet as pq

    filesystem, root = fsspec.core.url_to_fs(path)
    files = sorted(filesystem.glob(f"{root.rstrip('/')}/**/*.parquet")) if filesystem.isdir(root) else [root]
    if not files or not filesystem.exists(files[0]):
        raise InputError(f"{path}: no Parquet file there, expected the shards of open-thoughts/OpenThoughts3-1.2M")
    for name in files:
        with filesystem.open(name, "rb") as file:
            shard = pq.ParquetFile(file)
            columns = shard.schema_arrow.names
            prompts = next((c for c in ("prompt", "conversations", "messages") if c in columns), None)
            if prompts is None or "domain" not in columns:
                raise InputError(f"{name}: columns {', '.join(columns)}; expected 'domain' and 'conversations'")
            for batch in shard.iter_batches(batch_size=1024, columns=["domain", prompts]):
                for domain, prompt in zip(batch["domain"].to_pylist(), _prompts(batch[prompts]), strict=True):
                    known = _NAMES.get(str(domain).strip().lower())
                    if known and prompt:
                        yield prompt, known


def _prompts(column: "pa.Array") -> list[str | None]:
    """The first human message of each row, without making Python strings of the long answers."""
    import pyarrow as pa

    if not pa.types.is_list(column.type) and not pa.types.is_large_list(column.type):
        return column.to_pylist()
    fields = column.type.value_type
    names = {fields.field(i).name for i in range(fields.num_fields)}
    role, text = ("from", "value") if "from" in names else ("role", "content")
    roles, texts = column.values.field(role), column.values.field(text)
    prompts: list[str | None] = []
    for start, end in pairwise(column.offsets.to_pylist()):
        human = (i for i in range(start, min(start + 2, end)) if roles[i].as_py() in ("human", "user"))
        first = next(human, None)
        prompts.append(None if first is None else texts[first].as_py())
    return prompts


def features(prompt: str) -> dict[str, float]:
    """What the classifier sees: words cut to six letters (a vector of length 2) and patterns (1.0 if present)."""
    text = prompt[:_READ]
    words = {word[:_STEM] for word in _WORD.findall(text.lower()) if word not in _STOP}
    weight = 2 * len(words) ** -0.5 if words else 0.0
    found = dict.fromkeys(sorted(words), weight)
    found.update({f"<{name}>": 1.0 for name, pattern in _PATTERNS.items() if pattern.search(text)})
    return found


def classify(prompt: str) -> tuple[DomainName, float]:
    """The most probable domain of a prompt and its probability, by the linear model of `domains.json`."""
    bias, weights = _model()
    scores = bias.copy()
    for name, value in features(prompt).items():
        row = weights.get(name)
        if row is not None:
            scores += value * row
    odds = np.exp(scores - scores.max())
    best = int(odds.argmax())
    return DOMAINS[best], float(odds[best] / odds.sum())


@lru_cache(maxsize=1)
def _model() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    data = json.loads(Path(__file__).with_name("domains.json").read_text(encoding="utf-8"))
    return np.array(data["bias"]), {name: np.array(row) for name, row in data["weights"].items()}
