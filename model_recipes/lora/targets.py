"""Whether LoRA finds what it is to adapt, said before rows are encoded and weights are loaded.

peft stops only where none of the names is in the model: of `[q_proj, v_porj]` it adapts half without a word, and
`gate_proj` finds no experts, whose `gate_proj` and `up_proj` transformers 5 holds as one parameter for all of a layer.
`all-linear` takes the router of sparse experts as well, which is not to be adapted: it was balanced before training.
"""

import difflib
import re
from collections.abc import Collection, Sequence
from typing import Any

from processors.errors import InputError, one_line

_ALL = "all-linear"


def look_at_targets(model: Any) -> None:
    """Looks at a TRL ModelConfig. Raises InputError, a line for each mistake."""
    if not model.use_peft:
        return
    parameters = list(model.lora_target_parameters or [])
    given = model.lora_target_modules
    # TRL makes a name of a list of one, and peft takes such for a regular expression of a whole name.
    modules = [given] if isinstance(given, str) else list(given or [])
    if parameters and model.lora_dropout:
        raise InputError(
            f"lora_dropout: {model.lora_dropout}: with lora_target_parameters it must be given, and 0: there is no "
            "input of a parameter to drop anything of"
        )
    skeleton = _skeleton(model)
    known = {_without_numbers(name) for name, _ in skeleton.named_modules()}
    routers = _routers(skeleton)
    mistakes = [
        mistake
        for name in modules
        if name != _ALL
        for mistake in _module(name, skeleton, routers, alone=len(modules) == 1, known=known)
    ]
    if _ALL in modules and routers:
        mistakes.append(
            f"lora_target_modules: {_ALL} takes the router ({routers[0]}) as well; name the layers of the attention, "
            "and the experts by lora_target_parameters"
        )
    mistakes += [mistake for name in parameters for mistake in _parameter(name, skeleton, routers)]
    if mistakes:
        raise InputError("\n".join(mistakes))


def _skeleton(model: Any) -> Any:
    """The model without its weights. Raises InputError where there is no such model."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

    kind = AutoModelForSequenceClassification if model.lora_task_type == "SEQ_CLS" else AutoModelForCausalLM
    try:
        config = AutoConfig.from_pretrained(
            model.model_name_or_path,
            revision=model.model_revision,
            trust_remote_code=getattr(model, "trust_remote_code", False),
        )
        with torch.device("meta"):
            return kind.from_config(config)
    except (OSError, ValueError) as error:
        raise InputError(
            f"model_name_or_path: {model.model_name_or_path}: no model there ({one_line(error)})"
        ) from None


def _routers(skeleton: Any) -> list[str]:
    """The modules, and with them the parameters, that choose among experts: what stands beside `experts`."""
    names = [name for name, _ in skeleton.named_modules()]
    sparse = {name.rpartition(".")[0] for name in names if name.rpartition(".")[2] == "experts"}
    return [n for n in names if n.rpartition(".")[0] in sparse and n.rpartition(".")[2] in ("gate", "router")]


def _module(name: str, skeleton: Any, routers: Sequence[str], *, alone: bool, known: Collection[str]) -> list[str]:
    key = "lora_target_modules"
    pattern = name if alone else rf"(.*\.)?{re.escape(name)}"
    try:
        found = [module for module, _ in skeleton.named_modules() if module and re.fullmatch(pattern, module)]
    except re.error:
        found = []
    if not found and alone and any(module.endswith(f".{name}") for module, _ in skeleton.named_modules()):
        return [
            f"{key}: {name}: a list of one name is a regular expression of a whole name to peft; write .*\\.{name}"
        ]
    if not found:
        fused = sorted({_without_numbers(p) for p, _ in skeleton.named_parameters() if name in p.rpartition(".")[2]})
        fused += [p for p in _experts(skeleton) if name in ("gate_proj", "up_proj") and p.endswith("gate_up_proj")]
        if fused:
            return [f"{key}: {name}: is no layer but part of a parameter; give lora_target_parameters {fused[0]}"]
        return [f"{key}: {name}: no such layer in the model; {_nearest(name, known)}"]
    return _of_routers(key, name, found, routers)


def _parameter(name: str, skeleton: Any, routers: Sequence[str]) -> list[str]:
    key = "lora_target_parameters"
    parameters = {found: parameter.dim() for found, parameter in skeleton.named_parameters()}
    found = [parameter for parameter in parameters if parameter == name or parameter.endswith(f".{name}")]
    if not found:
        known = {_without_numbers(parameter) for parameter, depth in parameters.items() if depth in (2, 3)}
        return [f"{key}: {name}: no such parameter in the model; {_nearest(name, known)}"]
    if parameters[found[0]] not in (2, 3):
        return [f"{key}: {name}: has {parameters[found[0]]} dimensions; LoRA is of matrices"]
    return _of_routers(key, name, found, routers)


def _of_routers(key: str, name: str, found: Sequence[str], routers: Sequence[str]) -> list[str]:
    """A mistake where what is found is a router or a part of it."""
    for one in found:
        if any(one == router or one.startswith(f"{router}.") for router in routers):
            return [f"{key}: {name}: is the router of the experts ({one}), which is not adapted; leave it out"]
    return []


def _experts(skeleton: Any) -> list[str]:
    return sorted({_without_numbers(name) for name, _ in skeleton.named_parameters() if ".experts." in name})


def _without_numbers(name: str) -> str:
    """The end of a name, behind the number of its layer.

    >>> _without_numbers("model.layers.3.mlp.experts.gate_up_proj")
    'mlp.experts.gate_up_proj'
    """
    return re.split(r"(?:^|\.)\d+\.", name)[-1]


def _nearest(name: str, known: Collection[str]) -> str:
    """The nearest of `known`, by their whole names or their ends, whichever is nearer."""
    ends = {known_name.rpartition(".")[2] for known_name in known}
    choices = sorted(known if "." in name else ends)
    near = difflib.get_close_matches(name, [choice for choice in choices if choice], n=2, cutoff=0.5)
    if not near:
        ending = [choice for choice in sorted(known) if choice.rpartition(".")[2] == name.rpartition(".")[2]]
        near = ending or difflib.get_close_matches(name, choices, n=2, cutoff=0.0)
    return f"the nearest are {' and '.join(near[:2])}" if len(near) > 1 else f"did you mean {near[0]}?"
