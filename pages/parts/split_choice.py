"""How a model is judged: which comments it never learns from."""

import streamlit as st

from core.domain import BY_TIME, GROUPED, KFOLD, STRATIFIED, Dataset, LabelSet, TrainingOptions
from pages.parts import resources, run_results
from pages.parts.plain import option

ANOTHER = "another"
WAYS = {
    STRATIFIED: "Comments chosen at random",
    GROUPED: "Other customers",
    BY_TIME: "The newest comments",
    KFOLD: "Every comment once, in parts",
    ANOTHER: "Another dataset",
}
WORDS = {
    STRATIFIED: "A fifth of the comments is held out at random, with equal shares of each label.",
    GROUPED: "Nobody stands on both sides: it is judged on people whose comments it never saw.",
    BY_TIME: "It learns from the past, from later repeats of its words and from comments without a date, and "
    "is judged on the newest comments, as it will be in use.",
    KFOLD: "As many trainings as parts, each judged on the part it did not see: every comment counts, and "
    "the ranges are the narrowest. The model that stays learns from all comments.",
    ANOTHER: "It learns from all labelled comments here and is judged on the labelled ones there.",
}


def ask(dataset: Dataset, label_set: LabelSet) -> tuple[str, int]:
    """The split as TrainingOptions has it, and the dataset that is the test (0: rows of its own)."""
    missing = _missing(dataset, label_set)
    ways = [way for way in WAYS if way not in missing]
    way = st.selectbox(
        "Judged on",
        ways,
        format_func=WAYS.get,
        key="split",
        persist_state="session",
        help="The model never learns from the comments it is judged on.",
    )
    split, test = way, 0
    if way == KFOLD:
        split = _folds()
    elif way == ANOTHER:
        others = run_results.test_datasets(dataset.id, label_set)
        named = lambda key: option(f"{others[key]} · {key}")  # noqa: E731
        split, test = STRATIFIED, st.selectbox("Test dataset", list(others), format_func=named, key="test")
    st.caption(WORDS[way])
    if missing:
        st.caption(f"Not possible here: {', '.join(missing.values())}.")
    return split, test


def in_words(options: TrainingOptions) -> str:
    """For a cell of a table."""
    if options.test_dataset:
        return "another dataset"
    if options.split.startswith(KFOLD):
        parts, _, times = options.split.removeprefix(f"{KFOLD}:").partition("x")
        return f"{parts} parts" + (f", {times} times" if times else "")
    return {STRATIFIED: "at random", GROUPED: "other customers", BY_TIME: "the newest"}[options.split]


def _folds() -> str:
    left, right = st.columns(2)
    parts = left.number_input("Parts", 2, 20, 5, key="folds")
    times = right.number_input("Times over", 1, 10, 1, key="fold_repeats", help="Each time in other parts.")
    return f"{KFOLD}:{int(parts)}" + (f"x{int(times)}" if times > 1 else "")


def _missing(dataset: Dataset, label_set: LabelSet) -> dict[str, str]:
    """The ways that need what the files did not have, each with the reason."""
    found = {}
    imports = [done.columns for done in resources.store().datasets.imports(dataset.id)]
    if not any(columns.account or columns.author for columns in imports):
        found[GROUPED] = "other customers (no column says who wrote a comment)"
    if not any(columns.date for columns in imports):
        found[BY_TIME] = "the newest comments (they have no dates)"
    if not run_results.test_datasets(dataset.id, label_set):
        found[ANOTHER] = "another dataset (none has labels of this name)"
    return found
