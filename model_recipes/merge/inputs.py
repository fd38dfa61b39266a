"""The experts of a merge, opened and found to be of one kind, one base and one tokenizer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model_recipes.merge.adapters import Update, updates_of
from model_recipes.merge.alike import look_alike, untie
from model_recipes.merge.checkpoint import Checkpoint, open_checkpoint, read_json
from model_recipes.merge.settings import ExpertSettings, MergeSettings
from model_recipes.merge.tokenizers import (
    IDS,
    difference,
    has_tokenizer,
    look_same_templates,
    look_same_tokens,
    tokens_of,
)
from model_recipes.training.data import read_template
from model_recipes.training.resume import TRAINING
from processors.errors import InputError


@dataclass
class Inputs:
    """What is merged. `experts` are in the order of their names, whatever order they were given in.

    `updates`: for adapters, by expert, what each adds to the tensors of `base`.
    """

    experts: list[Checkpoint]
    about: list[ExpertSettings]
    weights: list[float]
    base: Checkpoint | None
    tokens: Checkpoint
    templates: Checkpoint | None
    template: str | None
    updates: list[dict[str, Update]] = field(default_factory=list, repr=False)

    @property
    def source(self) -> Checkpoint:
        """Whose tensors the result has, by name, type and shape, and whose configuration."""
        return self.base if self.base is not None and self.updates else self.experts[0]

    @property
    def names(self) -> list[str]:
        """The experts' as short as they differ."""
        short = [Path(expert.name).name for expert in self.experts]
        return short if len(set(short)) == len(short) else [expert.name for expert in self.experts]


def open_inputs(settings: MergeSettings) -> Inputs:
    """Raises InputError, a line for each mistake."""
    about = sorted(settings.experts, key=lambda expert: (expert.path, expert.revision or ""))
    experts = [open_checkpoint(expert.path, expert.revision) for expert in about]
    template = None
    if settings.chat_template is not None:
        path = Path(settings.chat_template)
        template = read_template(path, f"chat_template: {path}")
    adapters = [expert for expert in experts if expert.is_adapter]
    if len(experts) == 1 and not adapters:
        raise InputError(
            f"experts: {experts[0].name} alone is a whole model; name two or more, or an adapter, which becomes one "
            "with its base"
        )
    if adapters and len(adapters) < len(experts):
        whole = next(expert for expert in experts if not expert.is_adapter)
        raise InputError(
            f"{adapters[0].name} is an adapter and {whole.name} a whole model; merge the adapter into its base first, "
            "as the only one of `experts`"
        )
    updates: list[dict[str, Update]] = []
    base: Checkpoint | None
    if adapters:
        base = _base_of(adapters, settings)
        untie(base)
        updates = [updates_of(adapter, base) for adapter in adapters]
        tokens = look_same_tokens([expert for expert in experts if has_tokenizer(expert)] or [base])
        # Where the experts were taught in another form than the base's, theirs is what they answer to.
        templates = None if template else look_same_templates(experts) or look_same_templates([base])
    else:
        base = open_checkpoint(settings.base, settings.base_revision) if settings.base is not None else None
        if base is not None and base.is_adapter:
            raise InputError(f"base: {base.name}: is an adapter; give the model that the experts were trained from")
        look_alike(experts, base)
        tokens = look_same_tokens(experts)
        templates = None if template else look_same_templates(experts)
    if base is not None and has_tokenizer(base) and (told := difference(tokens_of(tokens), tokens_of(base), IDS)):
        # A training may have chosen another end of a turn, but not another number of a token.
        raise InputError(f"base: {base.name}: another tokenizer than {tokens.name}: {told}")
    weights = _weights(settings, about, experts)
    return Inputs(experts, about, weights, base, tokens, templates, template, updates)


def _base_of(adapters: Sequence[Checkpoint], settings: MergeSettings) -> Checkpoint:
    named = [(a.config.get("base_model_name_or_path"), a.config.get("revision")) for a in adapters]
    for adapter, (name, revision) in zip(adapters, named, strict=True):
        if (name, revision or "main") != (named[0][0], named[0][1] or "main"):
            raise InputError(
                f"{adapter.name}: an adapter of {_called(name, revision)}, and {adapters[0].name} is one of "
                f"{_called(*named[0])}; adapters are merged on one base"
            )
    name, revision = named[0]
    if settings.base is None:
        if not name:
            raise InputError(f"{adapters[0].name}: its configuration names no base; set `base`")
        return _whole(open_checkpoint(name, None if Path(name).is_dir() else revision))
    if name and Path(settings.base).name != Path(name).name:
        raise InputError(
            f"base: {settings.base}: {adapters[0].name} is an adapter of {name}; if that is the same under another "
            "name, say so in its adapter_config.json (base_model_name_or_path)"
        )
    return _whole(open_checkpoint(settings.base, settings.base_revision))


def _whole(base: Checkpoint) -> Checkpoint:
    if base.is_adapter:
        raise InputError(f"base: {base.name}: is an adapter itself; merge it into its base first")
    if "quantization_config" in base.config:
        raise InputError(f"base: {base.name}: its weights are quantised; set `base` to the model as it was before")
    return base


def _called(name: str | None, revision: str | None) -> str:
    return f"{name} {revision}" if revision else str(name)


def _weights(settings: MergeSettings, about: Sequence[ExpertSettings], experts: Sequence[Checkpoint]) -> list[float]:
    if settings.weights == "equal":
        return [1.0] * len(about)
    if settings.weights == "importance":
        return [expert.importance or 0.0 for expert in about]
    return [one.size or _trained_on(expert) for one, expert in zip(about, experts, strict=True)]


def _trained_on(expert: Checkpoint) -> float:
    """The tokens that a model was trained on, as `smolkalam train` wrote them down. Raises InputError."""
    training = read_json(expert.folder / TRAINING)
    data = training.get("data") if isinstance(training, dict) else None
    tokens = sum(part.get("tokens", 0) for part in data) if isinstance(data, list) else 0
    if not tokens:
        raise InputError(f"{expert.name}: no {TRAINING} says what it was trained on; give its `size` in any one unit")
    return float(tokens)


def description(inputs: Inputs, settings: MergeSettings) -> dict[str, object]:
    """What decides of the result's bytes, to know a merge again that was begun: JSON's values."""
    files = {tensor.file for model in _all(inputs) for tensor in model.tensors.values()}
    stamps = [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in sorted(files)]
    # The settings, without what is only said of the result.
    chosen = settings.model_dump(exclude={"experts", "output_dir"})
    about = [expert.model_dump() for expert in inputs.about]
    return json.loads(json.dumps({**chosen, "experts": about, "shares": inputs.weights, "files": stamps}))


def _all(inputs: Inputs) -> list[Checkpoint]:
    return [*inputs.experts, *([inputs.base] if inputs.base else [])]
