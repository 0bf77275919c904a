import pytest

from core.errors import BadFile, NotText
from core.training.vectors_file import LOOKED_AT, check_vectors, read_vectors


def written(tmp_path, text):
    path = tmp_path / "vectors.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_words_that_occur_are_read_and_a_header_is_skipped(tmp_path):
    path = written(tmp_path, "3 2\ncat 1 2\nat home 3 4\ndog 5 -6e-1\ncat 9 9\n")
    found, width = read_vectors(path, ["cat", "at home", "bird"])
    assert width == 2 and {word: vector.tolist() for word, vector in found.items()} == {
        "cat": [1.0, 2.0],
        "at home": [3.0, 4.0],
    }


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", BadFile, "is empty"),
        ("3 2\n", BadFile, "is empty"),
        ("cat 1 2\ndog 5\n", BadFile, "Line 2"),
        ("cat 1 2\ncat2 1 x\n", BadFile, "Line 2"),
        ("cat 1 nan\n", BadFile, "Line 1"),
        ("hello there everybody\n", BadFile, "Line 1"),
        ("cat 1\n", BadFile, "1 numbers"),
        (b"\x80\x03\xff\xfe", NotText, "not text"),
    ],
)
def test_bad_files_have_a_sentence(tmp_path, text, kind, words):
    with pytest.raises(kind, match=words):
        read_vectors(written(tmp_path, text), ["cat", "cat2"])
    with pytest.raises(kind, match=words):
        check_vectors(tmp_path / "vectors.txt")


def test_a_file_that_is_not_there_has_a_sentence(tmp_path):
    with pytest.raises(BadFile, match="Choose it again"):
        read_vectors(tmp_path / "none.txt", ["cat"])


def test_the_first_lines_are_looked_at_in_full(tmp_path):
    lines = [f"word{number} {number} 0.5" for number in range(LOOKED_AT)]
    assert check_vectors(written(tmp_path, "\n".join([*lines, "later x y"]))) == 2
    with pytest.raises(BadFile, match=f"Line {LOOKED_AT} "):
        check_vectors(written(tmp_path, "\n".join([*lines[:-1], "early x y"])))
