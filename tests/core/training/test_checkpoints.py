import numpy as np
import pytest

from core.errors import Damaged
from core.models.classifier import Calibration, Head
from core.models.device import Device
from core.training import checkpoints

CPU = Device("cpu", False, "")


def head():
    rng = np.random.default_rng(0)
    return Head(rng.normal(size=(2, 32)).astype(np.float32), np.zeros(2, np.float32))


def save(folder, encoder, tuned):
    return checkpoints.save(
        folder, encoder, head(), ("a", "b"), Calibration(1.5, (0.1, 0.0)), tuned, {"run": 3}
    )


@pytest.mark.parametrize("tuned", [True, False])
def test_what_was_saved_answers_the_same(tiny_encoder, tmp_path, tuned):
    saved = save(tmp_path / "checkpoint", tiny_encoder, tuned)
    again = checkpoints.load(
        saved.folder, CPU, lambda name, tokens, revision: tiny_encoder, saved.manifest_sha256
    )
    texts = ["the app is slow", "love it"]
    expected = head().probabilities(tiny_encoder.embed(texts), Calibration(1.5, (0.1, 0.0)))
    assert np.allclose(again.probabilities(texts), expected, atol=1e-6)
    assert again.labels == ("a", "b")
    assert (saved.folder / "encoder").exists() == tuned


def test_every_changed_missing_or_cut_file_is_noticed_by_name(tiny_encoder, tmp_path):
    saved = save(tmp_path / "checkpoint", tiny_encoder, True)
    files = [path for path in saved.folder.rglob("*") if path.is_file()]
    assert len(files) >= 5
    for path in files:
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 4
        for damage in (bytes(flipped), whole[:-3], b""):
            path.write_bytes(damage)
            with pytest.raises(Damaged, match=path.name):
                checkpoints.read_manifest(saved.folder, saved.manifest_sha256)
        path.unlink()
        with pytest.raises(Damaged, match=path.name):
            checkpoints.read_manifest(saved.folder, saved.manifest_sha256)
        path.write_bytes(whole)
    checkpoints.read_manifest(saved.folder, saved.manifest_sha256)


def test_another_version_of_the_encoder_is_refused(tiny_encoder, tmp_path):
    saved = save(tmp_path / "checkpoint", tiny_encoder, False)
    tiny_encoder.revision = "other"
    with pytest.raises(Damaged, match="another version"):
        checkpoints.load(saved.folder, CPU, lambda name, tokens, revision: tiny_encoder)
