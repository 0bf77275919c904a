from core.workflow.selection import without_words


def test_words_are_taken_out_as_a_model_without_them_reads():
    assert without_words(["Thanks, slow", "fine"], ["thanks"]) == ["      , slow", "fine"]
    assert without_words(["Thanks"], []) == ["Thanks"]
