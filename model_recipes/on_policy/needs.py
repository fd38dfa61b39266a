"""About how long rounds take: upper limits, as answers may end early, by the formulas of `model_recipes.needs`."""

from dataclasses import dataclass

from model_recipes.needs import Gpu, ModelShape, hours, step_flops
from model_recipes.needs.estimate import UTILISATION
from model_recipes.on_policy.settings import OnPolicyPlan
from model_recipes.plans import StepNeeds

# The share of a GPU's teraflops that writing token by token reaches, in batches: an assumption, no GPU was at hand.
_WRITING = 0.05


@dataclass(frozen=True, slots=True)
class RoundNeeds:
    """Of a model's shape on a GPU; `prompt` is the mean length of a prompt in tokens."""

    shape: ModelShape
    gpu: Gpu
    plan: OnPolicyPlan
    prompt: float

    def sampling(self, prompts: int) -> StepNeeds:
        """Writing all answers up to `max_tokens`: a forward pass a token."""
        sampling = self.plan.sampling
        length = round(self.prompt) + sampling.max_tokens
        flops, _ = step_flops(self.shape, [length] * prompts * sampling.samples, checkpointing=False, passes=1)
        return self._priced(hours(flops, self.gpu, self.plan.machine.gpus) * UTILISATION / _WRITING)

    def training(self) -> StepNeeds:
        """A pair of each prompt, both sides of full length, with the reference."""
        length = round(self.prompt) + self.plan.sampling.max_tokens
        pairs = 2 * self.plan.prompts_a_round
        flops, _ = step_flops(self.shape, [length] * pairs, checkpointing=True, references=1)
        return self._priced(hours(flops, self.gpu, self.plan.machine.gpus))

    def _priced(self, spent: float) -> StepNeeds:
        usd = self.plan.machine.usd_per_hour
        return StepNeeds(spent, None if usd is None else spent * usd * self.plan.machine.gpus)
