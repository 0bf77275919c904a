"""How many tokens fit into memory at once, reckoned before anything is loaded, and what if they do not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from core.domain import BETTER, TrainingOptions

PREDICT_TOKENS = 4096  # tokens of one batch without gradients on the CPU; more gains nothing there
MOST_TOKENS = 65_536  # of one batch on a GPU: it is busy with fewer
USABLE = 0.6  # share of the free memory that is planned for
USED_WORDS = 8_000  # rows of the vocabulary that a comment file uses, at most
KEPT_MIXED = 2.8  # bytes of a number kept for the way back when products are in bfloat16, others in float32
TOO_SMALL = (
    "The memory of this device is too small to read one comment. Choose a smaller encoder or fewer tokens "
    "under 'Advanced', or set ROADLENS_DEVICE to cpu."
)
FULL = (  # in the text of errors that torch has no class for
    "DefaultCPUAllocator",
    "error: out of memory",  # CUDA and HIP
    "_STATUS_ALLOC_FAILED",  # CUBLAS, HIPBLAS, CUDNN
    "_ALLOCATION_FAILED",  # CUDNN from 9 on
    "MPS backend out of memory",
)
Found = TypeVar("Found")


@dataclass(frozen=True)
class Shape:
    """The counts of an encoder that decide about its memory."""

    size: int
    layers: int
    heads: int
    inner: int  # width of the feed-forward part
    words: int  # rows of the vocabulary

    @property
    def layer_weights(self) -> int:
        """Of one layer."""
        return self.size * (4 * self.size + 2 * self.inner + 9) + self.inner

    @property
    def weights(self) -> int:
        return self.layers * self.layer_weights + (self.words + 512) * self.size

    def numbers(self, longest: int, eager: bool = True) -> int:
        """That one layer makes of one token in a row of `longest`.

        Attention that is not eager keeps no product of two tokens, only a mask that all heads share.
        """
        places = 2 * self.heads if eager else 1
        return 9 * self.size + 2 * self.inner + places * longest


LAYERS = ("num_hidden_layers", "n_layers", "num_layers")  # in config.json


def shape_of(config: Mapping[str, object]) -> Shape:
    """From what config.json says, in the words of any family; the bundled encoder's where it is silent."""

    def first(usual: int, *names: str) -> int:
        return int(next((config[name] for name in names if config.get(name)), usual))

    size = first(384, "hidden_size", "dim", "d_model")
    return Shape(
        size,
        first(6, *LAYERS),
        first(12, "num_attention_heads", "n_heads", "num_heads"),
        first(4 * size, "intermediate_size", "hidden_dim", "d_ff"),
        first(30_522, "vocab_size"),
    )


def memory_estimate(shape: Shape, options: TrainingOptions, longest: int, bf16: bool = False) -> int:
    """Bytes at the highest, without the libraries: of a fine-tuning, else of reading texts.

    `longest` is the longest text in tokens.
    """
    if options.mode != BETTER:
        return prediction_bytes(shape, PREDICT_TOKENS, longest, bf16)
    return max(
        training_bytes(shape, options, longest, bf16),
        prediction_bytes(shape, PREDICT_TOKENS, longest, bf16),
    )


def training_bytes(shape: Shape, options: TrainingOptions, longest: int, bf16: bool = False) -> int:
    """Weights, gradients, two moments, the mean and the best weights so far, and what one batch keeps for the
    way back."""
    open_layers = max(0, shape.layers - options.frozen_layers)
    trained = open_layers * shape.layer_weights
    if options.adapter_rank:  # beside each of the six linear maps of a layer
        trained = open_layers * options.adapter_rank * (9 * shape.size + 2 * shape.inner)
    elif not options.frozen_layers:
        trained += min(shape.words, USED_WORDS) * shape.size
    copies = 2 * shape.layers * shape.layer_weights if bf16 else 0
    tokens = max(options.batch_tokens, longest)
    beside = 20 if options.averaging else 16  # bytes
    return 4 * shape.weights + beside * trained + copies + tokens * _kept(shape, open_layers, longest, bf16)


def prediction_bytes(shape: Shape, tokens: int, longest: int, bf16: bool = False) -> int:
    """Weights and the numbers of one layer: those of the layers below are gone."""
    copies = 2 * shape.layers * shape.layer_weights if bf16 else 0
    return 4 * shape.weights + copies + max(tokens, longest) * 4 * shape.numbers(longest)


def tokens_that_fit(
    free: int, shape: Shape, longest: int, training: bool, bf16: bool, eager: bool = False
) -> int:
    """Tokens of one batch beside what is loaded already: between the longest row and MOST_TOKENS."""
    layers = shape.layers if training else 0
    one = _kept(shape, layers, longest, bf16, eager) + 4 * shape.numbers(longest, eager)
    return max(longest, min(MOST_TOKENS, int(USABLE * free / one)))


def _kept(shape: Shape, layers: int, longest: int, bf16: bool, eager: bool = True) -> int:
    """Bytes of one token that `layers` layers keep for the way back."""
    return int(layers * shape.numbers(longest, eager) * (KEPT_MIXED if bf16 else 4))


def halving(step: Callable[[int], Found], budget: int, smallest: int = 1) -> tuple[Found, int]:
    """`step(budget)` and the budget that was small enough: halved each time memory runs out.

    Raises what `step` raises, running out of memory with the budget `smallest` included.
    """
    import torch

    while True:
        try:
            return step(budget), budget
        except RuntimeError as error:
            if not ran_out(error) or budget <= smallest:
                raise
        # Here, not above: while the error is handled, its frames hold the tensors of the failed step.
        budget = max(smallest, budget // 2)
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()


def ran_out(error: BaseException) -> bool:
    """Whether it says that a device has too little memory."""
    import torch

    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or any(words in str(error) for words in FULL)
