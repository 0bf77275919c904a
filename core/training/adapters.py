"""Fewer weights to train: lowest layers that stay as they are, and low-rank adapters (LoRA, Hu 2021)."""

import torch
from torch import nn

SCALE = 2.0  # what an adapter adds is multiplied by this
RATE = 10.0  # adapters start at nothing and are few: they learn at this many times the encoder's rate


def layers_of(model: nn.Module) -> nn.ModuleList:
    """The encoder's layers, lowest first, whatever its family calls them.

    The list as long as the configuration says, else the longest; of equal ones the outermost.
    """
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    wanted = getattr(model.config, "num_hidden_layers", None)
    fitting = [found for found in lists if len(found) == wanted]
    return (fitting or sorted(lists, key=len, reverse=True) or [nn.ModuleList()])[0]


def freeze(model: nn.Module, count: int) -> None:
    """Keep the embeddings and the `count` lowest layers as they are; 0 freezes nothing."""
    if count <= 0:
        return
    layers = layers_of(model)
    below = [_around(model, layers), *layers[:count]]
    if count >= len(layers):
        below = [model]
    for module in below:
        module.requires_grad_(False)


def _around(model: nn.Module, layers: nn.ModuleList) -> nn.Module:
    """The largest part of the model with the embeddings and none of the layers: positions, norms."""
    words = model.get_input_embeddings()
    for module in model.modules():  # from the outside in
        inside = set(module.modules())
        if words in inside and layers not in inside:
            return module
    return words


def add(model: nn.Module, rank: int, seed: int) -> None:
    """Put an adapter beside every linear map of the layers and freeze all else; 0 adds none.

    Layers that are frozen get none. The adapters start from `seed` alone and change nothing at first.
    """
    if rank <= 0:
        return
    from peft import LoraConfig, inject_adapter_in_model

    names = {layer: name for name, layer in model.named_modules()}
    targets = [
        f"{names[layer]}.{name}"
        for layer in layers_of(model)
        if any(weight.requires_grad for weight in layer.parameters())
        for name, module in layer.named_modules()
        if isinstance(module, nn.Linear)
    ]
    model.requires_grad_(False)
    if not targets:  # every layer is frozen
        return
    config = LoraConfig(r=rank, lora_alpha=int(SCALE * rank), lora_dropout=0.0, target_modules=targets)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject_adapter_in_model(config, model)


def merge(model: nn.Module) -> None:
    """Add the adapters to the weights they stand beside and take them away: a plain encoder is left."""
    for name, module in list(model.named_modules()):
        if hasattr(module, "get_base_layer") and hasattr(module, "merge"):
            module.merge()
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, module.get_base_layer())
    vars(model).pop("peft_config", None)  # else the encoder would be saved as adapters
    model.requires_grad_(True)
