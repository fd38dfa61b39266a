"""A base with its adapter as one model, as the next round samples from and trains.

python -m model_recipes.on_policy.whole ADAPTER OUTPUT
"""

import json
import sys
from pathlib import Path

from processors.atomic_files import new_folder
from processors.errors import SmolKalamError, tell


def write_whole(adapter: Path, folder: Path) -> None:
    """Raises InputError where the folder cannot be written."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if folder.exists():
        return
    about = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    dtype = "auto" if torch.cuda.is_available() else torch.float32
    base = AutoModelForCausalLM.from_pretrained(
        about["base_model_name_or_path"], revision=about.get("revision"), dtype=dtype
    )
    model = PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()
    with new_folder(folder) as made:
        model.save_pretrained(made)
        AutoTokenizer.from_pretrained(adapter).save_pretrained(made)


def main() -> None:
    try:
        write_whole(Path(sys.argv[1]), Path(sys.argv[2]))
    except SmolKalamError as error:
        tell(error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
