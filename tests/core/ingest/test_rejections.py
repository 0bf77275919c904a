from core.ingest.rejections import Rejections, in_words


def test_reasons_stand_in_a_sentence_with_the_first_lines():
    found = Rejections()
    assert in_words(found.all()) == ""
    found.add("no text", 9)
    found.add_all("is not a JSON object", range(2, 1_502))
    found.add_all("every cell is empty", [4, 7])
    assert in_words(found.all()) == (
        "is not a JSON object (lines 2, 3, 4, 5, 6 and 1,495 more); every cell is empty (lines 4, 7); "
        "no text (line 9)"
    )
