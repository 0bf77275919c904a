import numpy as np


def test_vectors_come_back_in_half_precision(store):
    vectors = np.array([[0.1, -2.0], [1.0, 1000.0]], np.float32)
    store.embeddings.put("mini", ["a", "b"], vectors)
    back = store.embeddings.get("mini", ["b", "a", "unknown"])
    assert set(back) == {"a", "b"}
    assert back["a"].dtype == np.float32
    np.testing.assert_array_equal(back["a"], vectors[0].astype(np.float16).astype(np.float32))
    assert store.embeddings.get("other", ["a"]) == {}


def test_a_stored_vector_stays(store):
    store.embeddings.put("mini", ["a", "a"], np.ones((2, 2)))
    store.embeddings.put("mini", ["a", "b"], np.zeros((2, 2)))
    back = store.embeddings.get("mini", ["a", "b"])
    assert (back["a"].tolist(), back["b"].tolist()) == ([1, 1], [0, 0])


def test_more_texts_than_one_query_takes(store):
    hashes = [f"h{i}" for i in range(25_000)]
    store.embeddings.put("mini", hashes, np.arange(25_000, dtype=np.float32)[:, None] / 32_768)
    back = store.embeddings.get("mini", hashes)
    assert len(back) == 25_000
    assert back["h16384"].tolist() == [0.5]
    assert store.embeddings.get("mini", []) == {}


def test_clear_one_encoder_or_all(store):
    for encoder in ("a", "b", "c"):
        store.embeddings.put(encoder, ["x"], np.ones((1, 1)))
    store.embeddings.clear("a")
    assert [len(store.embeddings.get(encoder, ["x"])) for encoder in "abc"] == [0, 1, 1]
    store.embeddings.clear()
    assert [len(store.embeddings.get(encoder, ["x"])) for encoder in "abc"] == [0, 0, 0]


def test_vectors_of_texts_that_were_forgotten_meanwhile_are_not_kept(store, stored, new_run):
    run, _ = new_run()
    now = store.datasets.get(stored.dataset_id).sha256
    for of in ((run.id, "before"), (run.id + 1, now)):
        store.embeddings.put("e", ["h"], np.ones((1, 2)), of)
        assert store.embeddings.get("e", ["h"]) == {}
    store.embeddings.put("e", ["h"], np.ones((1, 2)), (run.id, now))
    assert list(store.embeddings.get("e", ["h"])) == ["h"]
