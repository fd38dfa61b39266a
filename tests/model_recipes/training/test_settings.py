"""A number that no training can go by is told with its line, before anything is read."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from model_recipes.training.settings import DataSettings, read_settings
from processors.errors import RecipeError


@dataclass
class Arguments:
    """Of the types that TRL's dataclasses have."""

    per_device_train_batch_size: int = 8
    gradient_accumulation_steps: int = 1
    num_train_epochs: float = 3.0
    max_length: int | None = 1024
    learning_rate: float = 2e-5
    seed: int = 42
    beta: float = 0.1
    lora_r: int = 16


def _read(folder: Path, line: str) -> dict[str, object]:
    file = folder / "settings.yaml"
    file.write_text(f"test_rows: 0\n{line}\n")
    (arguments,), _ = read_settings(file, (), (Arguments,), DataSettings, {})
    return arguments


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("per_device_train_batch_size: 0", "greater than or equal to 1 .found 0"),
        ("gradient_accumulation_steps: 0", "greater than or equal to 1 .found 0"),
        ("num_train_epochs: -3", "greater than 0 .found -3"),
        ("num_train_epochs: 0", "greater than 0 .found 0"),
        ("max_length: -5", "greater than or equal to 1 .found -5"),
        ("learning_rate: -1.0", "greater than or equal to 0 .found -1"),
        ("learning_rate: .nan", "finite number .found nan"),
        ("beta: -0.1", "greater than or equal to 0 .found -0.1"),
        ("seed: -1", "greater than or equal to 0 .found -1"),
        ("lora_r: 0", "greater than or equal to 1 .found 0"),
    ],
)
def test_a_number_out_of_range_is_a_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(RecipeError, match=rf"settings\.yaml:2: {line.split(':')[0]}: .*{said}"):
        _read(tmp_path, line)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("max_length: null", None),
        ("num_train_epochs: 0.01", 0.01),
        ("learning_rate: 0", 0.0),
        ("learning_rate: 1e-5", 1e-5),
    ],
)
def test_a_number_in_range_is_taken(tmp_path: Path, line: str, value: object) -> None:
    assert _read(tmp_path, line) == {line.split(":")[0]: value}
