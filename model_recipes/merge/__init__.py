"""The linear merge of experts of one base, streamed tensor by tensor: whole models or LoRA adapters, dense or sparse.

`smolkalam train merge` runs it; it needs neither torch nor a GPU.
"""

__all__ = ["train"]
