import pytest

from core.workflow.selection import without_words


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("Thanks, it is SLOW thanks", ["thanks", "slow"], ", it is"),
        ("slower than slow", ["slow"], "slower than"),
        ("[handle] is late", ["[handle]"], "is late"),
        ("a late flight, late", ["late flight", "late"], "a ,"),
        ("我的航班延误了", ["航班"], "我的 延误了"),
        ("nothing  of it", ["slow"], "nothing  of it"),
    ],
)
def test_words_are_taken_out_whole(text, words, left):
    assert without_words([text], words) == [left]
