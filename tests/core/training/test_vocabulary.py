import torch
from torch import nn

from core.training.vocabulary import CompactEmbedding


def full_table():
    torch.manual_seed(0)
    return nn.Embedding(10, 3, padding_idx=0)


def test_the_same_ids_give_the_same_vectors():
    full = full_table()
    compact = CompactEmbedding(full, [7, 2, 0, 7])
    ids = torch.tensor([[2, 7, 0], [7, 7, 2]])
    assert compact.weight.shape == (3, 3)
    assert torch.equal(compact(ids), full(ids))


def test_only_words_that_occur_are_trained_and_they_are_put_back():
    full = full_table()
    before = full.weight.detach().clone()
    compact = CompactEmbedding(full, [2, 7])
    compact(torch.tensor([7, 7])).sum().backward()
    assert compact.weight.grad.tolist() == [[0, 0, 0], [2, 2, 2]]
    with torch.no_grad():
        compact.weight += 1
    table = compact.expand()
    assert torch.equal(table.weight[[2, 7]], before[[2, 7]] + 1)
    others = [0, 1, 3, 4, 5, 6, 8, 9]
    assert torch.equal(table.weight[others], before[others])
    assert table.padding_idx == 0 and table.weight.requires_grad
    assert torch.equal(full.weight, before), "the table it came from is as it was"


def test_the_full_table_is_neither_trained_nor_saved():
    compact = CompactEmbedding(full_table(), [2, 7])
    assert [name for name, _ in compact.named_parameters()] == ["weight"]
    assert list(compact.state_dict()) == ["weight"]
