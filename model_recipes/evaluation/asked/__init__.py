"""The models that are asked: by transformers, by vLLM, or over an API, where a question is put in words."""

from model_recipes.evaluation.asked.models import Model, load, look_for_libraries

__all__ = ["Model", "load", "look_for_libraries"]
