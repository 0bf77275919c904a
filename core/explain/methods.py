"""The ways to explain a decision, by the name that the page shows."""

from collections.abc import Callable

from core.domain import Attribution
from core.explain import attention, occlusion

# Each: (model, text, label, against=None) -> Attribution.
METHODS: dict[str, Callable[..., Attribution]] = {
    "Words that mattered": occlusion.explain,
    "Attention (where it looked)": attention.explain,
}
