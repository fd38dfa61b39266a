"""What LoRA is to adapt, looked at before anything is loaded: names that the model has, and never its router."""

from model_recipes.lora.targets import look_at_targets

__all__ = ["look_at_targets"]
