"""What a model puts around its translation, taken off where that is plain and counted.

To add a wrapping: a step of `unwrap.py`, named in its `_STEPS`; what has two ends (tags, JSON,
marks) is in `shells.py`.
"""

from processors.translation.unwrapping.unwrap import KINDS, Unwrapped, leave_wrapped, unwrap

__all__ = ["KINDS", "Unwrapped", "leave_wrapped", "unwrap"]
