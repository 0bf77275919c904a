"""The ways to explain a decision, by the name that the page shows."""

from collections.abc import Callable

from core.domain import Attribution
from core.explain import attention, occlusion
from core.explain.model import has_attention

# Each: (model, text, label, against=None) -> Attribution.
METHODS: dict[str, Callable[..., Attribution]] = {
    "Words that mattered": occlusion.explain,
    "Attention (where it looked)": attention.explain,
}


def methods_for(model: object) -> dict[str, Callable[..., Attribution]]:
    """Those of METHODS that fit the model: TF-IDF and BiLSTM have no attention to show."""
    if has_attention(model):
        return dict(METHODS)
    return {name: method for name, method in METHODS.items() if method is not attention.explain}
