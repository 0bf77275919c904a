"""A comment that was pasted to try the model goes on to Explain and stays where it was."""

from dataclasses import replace

from tests.pages.trained import WORDS, add_dataset, open_tab, press, texts, train_now

TRIED = "A refund for my invoice, the price is wrong"


def test_the_words_of_the_pasted_comment_are_explained_and_it_stays(open_page):
    dataset = add_dataset()
    train_now(dataset, WORDS)
    train_now(dataset, replace(WORDS, seed=2))
    app = open_page("train")
    app.sidebar.selectbox(key="run").set_value("Run 1 · TF-IDF").run()
    open_tab(app, "Try it")
    app.text_area(key="tried").set_value(TRIED).run()
    open_tab(app, "Labels")
    open_tab(app, "Try it")
    assert app.text_area(key="tried").value == TRIED
    press(app, "See which words decide on the Explain page")
    assert app.title[0].value == "Explain"
    assert app.text_area(key="pasted").value == TRIED
    assert app.sidebar.selectbox(key="run").value == "Run 1 · TF-IDF", "the model that was tried"
    assert "A person said" not in texts(app)
    app.switch_page("pages/train.py").run()
    open_tab(app, "Try it")
    assert app.text_area(key="tried").value == TRIED
