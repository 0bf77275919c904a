"""What the server keeps in memory of comments and models."""

from pages.parts import attention_explorer, drivers_words, edit_view, map_view, resembles_view, results


def forget_cached() -> None:
    """After rows or a model were removed no copy of them stays in memory."""
    for part in (results, attention_explorer, drivers_words, edit_view, map_view, resembles_view):
        part.forget_cached()
