"""How often the messages of a sample stand in the whole source, for a plan's duplicates.

A sample alone cannot tell: of two rows with the same text it rarely holds both. But to look for texts that are known
costs no more than reading: nothing is cut, counted in tokens or kept.
"""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from datatrove.io import get_datafolder

from builders.recipes.recipe import Source
from builders.sources.find import Shard, messages_columns, reaching
from processors.errors import InputError

# Bytes of a local source up to which a plan looks by itself: about ten seconds.
LOOK_BYTES = 2_000_000_000


def text_key(text: bytes) -> int:
    """64 bits that name a text (BLAKE2b)."""
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def rows_with(source: Source, shards: Sequence[Shard], keys: np.ndarray) -> np.ndarray:
    """In how many rows of `shards` a message stands, for each of `keys` (uint64, each once); int64 of their shape.

    Raises InputError where a shard is damaged or cannot be reached.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    places = {key: place for place, key in enumerate(keys.tolist())}
    rows = np.zeros(len(keys), dtype=np.int64)
    for shard in shards:
        try:
            with reaching(source.path), get_datafolder(source.path).open(shard.file, "rb") as handle:
                columns = list(messages_columns(source))
                for batch in pq.ParquetFile(handle).iter_batches(batch_size=256, columns=columns):
                    found: set[tuple[int, int]] = set()
                    for column in batch.columns:
                        # As bytes: a text that is no valid UTF-8 is another's problem.
                        texts = pc.struct_field(pc.list_flatten(column), "content").cast(pa.binary()).to_pylist()
                        parents = pc.list_parent_indices(column).to_pylist()
                        found |= {
                            (parent, place)
                            for parent, text in zip(parents, texts, strict=True)
                            if text and (place := places.get(text_key(text))) is not None
                        }
                    for _, place in found:
                        rows[place] += 1
        except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{source.path}/{shard.file}: damaged: {reason}; download it again") from None
    return rows
