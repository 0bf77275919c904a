from dataclasses import replace

import numpy as np
import pytest

from core.domain import TrainingOptions
from core.models.classifier import Head
from core.training.loop import Rows
from core.training.masking import Masking
from core.training.trainer import fine_tune
from core.training.tuned import Tuned

IDS = [1, *range(10, 110), 2]  # 1 and 2 begin and end a comment
SIGN = 3


def hidden(share=0.2, seed=0, row=5, step=7):
    seen = Masking(share, seed, SIGN, (1, 2, SIGN))(IDS, row, step)
    return [place for place, (one, other) in enumerate(zip(IDS, seen, strict=True)) if one != other], seen


def test_so_many_tokens_are_hidden_and_the_others_stay():
    counts = []
    for step in range(200):
        places, seen = hidden(step=step)
        assert all(seen[place] == SIGN for place in places)
        assert seen[0] == 1 and seen[-1] == 2, "what begins and ends a comment is no word"
        counts.append(len(places))
    assert np.mean(counts) == pytest.approx(0.2 * 100, abs=1)
    assert SIGN not in IDS, "the comment itself stays whole"


@pytest.mark.parametrize("other", [{"seed": 1}, {"row": 6}, {"step": 8}], ids=str)
def test_the_same_step_hides_the_same_and_another_others(other):
    assert hidden() == hidden() != hidden(**other)


@pytest.mark.parametrize("share, sign", [(0.0, SIGN), (0.5, None)], ids=["no share", "no sign for it"])
def test_nothing_is_hidden(share, sign):
    assert Masking(share, 0, sign, (1, 2))(IDS, 0, 1) is IDS


def test_training_comments_are_read_with_hidden_tokens_and_validation_comments_whole(
    encoder_folder, comments, tmp_path, monkeypatch
):
    from core.models.device import Device
    from core.models.encoder import load_encoder

    encoder = load_encoder(encoder_folder, "tiny", "abc", Device("cpu", False, ""), 16)
    texts, truth = comments
    train, validation = (Rows(texts[part], np.array(truth[part])) for part in (slice(60), slice(60, None)))
    sign, learned, judged = encoder.tokenizer.mask_token_id, [], []
    forward, embed = Tuned.forward, encoder.embed
    watched = lambda self, rows: learned.extend(rows) or forward(self, rows)  # noqa: E731
    monkeypatch.setattr(Tuned, "forward", watched)
    encoder.embed = lambda texts, **how: judged.extend(encoder.token_ids(texts)) or embed(texts, **how)
    options = replace(TrainingOptions(mode="better", epochs=1), token_masking=0.3)
    head = Head(np.zeros((2, 32), np.float32), np.zeros(2, np.float32))
    fine_tune(encoder, head, train, validation, options, tmp_path)
    tokens = [token for row in learned for token in row]
    words = [token for row in encoder.token_ids(train.texts) for token in row[1:-1]]
    assert len(learned) == 60 and len(tokens) == len(words) + 120
    assert tokens.count(sign) == pytest.approx(0.3 * len(words), rel=0.25)
    assert judged and sign not in {token for row in judged for token in row}
