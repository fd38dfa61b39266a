"""What a new revision of the source left as it was: ids are rows' numbers, so a row that moved looks new by its id.

What is asked of a translator is kept by text, whatever row it stands in. So a build over the next revision pays for
changed rows only; here they are counted, by a hash of what is translated of each row, to be said.
"""

import json
from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from builders.run_folder.folder import SELECT, STAGE, Run
from builders.run_folder.units import UnitFiles, read_unit
from processors.atomic_files import replacing, write_text
from processors.errors import SmolKalamError

if TYPE_CHECKING:
    import numpy as np

    from builders.stages.common.context import Build

FOLDER, BEFORE, FOUND = "revision", "before.npz", "found.json"


def remember_rows(run: Run, inputs: dict[str, Any], mark: str) -> dict[str, Any]:
    """Before a selection of other shards is removed: keep a hash of each row's id and of its text.

    `inputs` and `mark` are those of the selection that is to come.
    """
    import numpy as np

    folder = run.stage(SELECT)
    try:
        before = json.loads((folder / STAGE).read_text(encoding="utf-8"))["inputs"]["shards"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if before == json.loads(json.dumps(inputs["shards"])):
        return {}
    try:
        ids, texts = _hashes(run, [path.stem for path in sorted(folder.glob("*.parquet"))])
    except SmolKalamError:
        # What is damaged there would have been done again; it is about to be removed.
        return {}
    run.stage(FOLDER).mkdir(parents=True, exist_ok=True)
    with replacing(run.stage(FOLDER, BEFORE)) as temporary, temporary.open("wb") as file:
        np.savez(file, ids=ids, texts=texts, mark=np.array(mark))
    return {}


def compare_revisions(build: "Build") -> dict[str, Any]:
    """Rows of the selection and of that of the revision before, by what became of them; empty without another."""
    import numpy as np

    run, mark = build.run, build.marks[SELECT]
    before, found = run.stage(FOLDER, BEFORE), run.stage(FOLDER, FOUND)
    if not before.exists():
        return {}
    with np.load(before) as kept:
        if str(kept["mark"]) != mark:
            return {}
        ids, texts = kept["ids"], kept["texts"]
    if found.exists() and (told := json.loads(found.read_text(encoding="utf-8")))["mark"] == mark:
        return dict(told["rows"])
    rows = compared(ids, texts, *_hashes(run, [unit.name for unit in build.selected]))
    write_text(found, json.dumps({"mark": mark, "rows": rows}))
    return rows


def told(rows: dict[str, int]) -> str:
    """What `compare_revisions` counted, as a line."""
    return (
        f"source: another revision than the build before had: {rows['kept']:,} rows are as they were, "
        f"{rows['moved']:,} stand at another place, {rows['changed']:,} are changed, {rows['new']:,} new, "
        f"{rows['gone']:,} gone; of those kept and moved nothing is asked again that was answered"
    )


def compared(ids: "np.ndarray", texts: "np.ndarray", new_ids: "np.ndarray", new_texts: "np.ndarray") -> dict[str, int]:
    """Counts by what became of rows, given hashes of both revisions' ids and texts.

    kept + moved + changed are the rows before with gone, and those now with new. A changed row has the id of a row
    whose text is nowhere any more.
    """
    import numpy as np

    _, old, new = np.intersect1d(ids, new_ids, return_indices=True)
    same = texts[old] == new_texts[new]
    left, to_place = np.delete(texts, old[same]), np.delete(new_texts, new[same])
    left_texts, left_counts = np.unique(left, return_counts=True)
    new_of, new_counts = np.unique(to_place, return_counts=True)
    _, at, place = np.intersect1d(left_texts, new_of, return_indices=True)
    again = np.minimum(left_counts[at], new_counts[place])
    left_counts[at] -= again
    new_counts[place] -= again
    moved, gone, fresh = int(again.sum()), int(left_counts.sum()), int(new_counts.sum())
    before, after = texts[old[~same]], new_texts[new[~same]]
    replaced = np.isin(before, left_texts[left_counts > 0]) & np.isin(after, new_of[new_counts > 0])
    # Where several rows had one text, no more than there are.
    changed = min(int(replaced.sum()), gone, fresh)
    kept = int(same.sum())
    return {"kept": kept, "moved": moved, "changed": changed, "new": fresh - changed, "gone": gone - changed}


def _hashes(run: Run, units: Iterable[str]) -> "tuple[np.ndarray, np.ndarray]":
    import numpy as np

    ids, texts = [], []
    for unit in units:
        columns = ["id", "messages", "chat_template_kwargs"]
        for row in read_unit(UnitFiles(run.stage(SELECT), unit), columns).to_pylist():
            ids.append(_hash(row["id"]))
            texts.append(_hash(json.dumps([row["messages"], row["chat_template_kwargs"]])))
    return np.array(ids, np.uint64), np.array(texts, np.uint64)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", errors="surrogatepass"), digest_size=8).digest(), "big")
