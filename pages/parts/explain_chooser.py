"""Which comment is explained: a stored one, a pasted one, or one that another page or an address asks for."""

from dataclasses import dataclass

import streamlit as st

from core.domain import TrainingRun
from core.workflow import explanations
from pages.parts import name_list, results
from pages.parts.plain import option

COMMENT, MODEL = "This comment", "The whole model"
STORED, PASTED = "A stored one", "Paste a comment"
ORDERS = ["Typical", "Most certain", "Least certain"]
LISTED = 50
HANDED = "explain_feedback"  # id of a comment that another page hands over
ADDRESS = "comment"  # the same in an address
LONGEST_ID = 15  # digits
BY_HAND = "explain_by_hand"  # a choice was made on the page itself


@dataclass(frozen=True)
class Comment:
    text: str
    feedback_id: int | None = None  # None: pasted, stored nowhere
    given: str = ""  # the label of a person
    ids: tuple[int, ...] = ()  # of all comments of the list it was chosen from


def choose_scope() -> str:
    """One comment or the whole model."""
    return st.segmented_control(
        "Explain what?",
        [COMMENT, MODEL],
        default=COMMENT,
        required=True,
        key="explain_scope",
        label_visibility="collapsed",
        persist_state="session",
        on_change=_by_hand,
    )


def _by_hand() -> None:
    """What is chosen goes before the address: a quick visitor's next choice still comes with the last one."""
    st.session_state[BY_HAND] = True


def hand_over(pasted: str) -> None:
    """A comment that was pasted on another page, for the next visit of Explain; no address names it."""
    st.session_state["explain_scope"] = COMMENT
    st.session_state["source"] = PASTED
    st.session_state["pasted"] = pasted
    _by_hand()


def take_over(run: TrainingRun) -> None:
    """Turn the widgets, before they are drawn, to the comment handed over or named in the address."""
    wanted = _wanted()
    if wanted is None:
        return
    labels = _lists(run)
    label = next((label for label, ids in labels.items() if wanted in ids), "")
    if not label and results.evidence(run, (wanted,), ORDERS[0], 1).empty:
        st.info("That comment is not among the comments of this run. Choose another one.")
        return
    st.session_state["explain_extra"] = (run.id, wanted, label)
    st.session_state["explain_scope"] = COMMENT
    st.session_state["source"] = STORED
    st.session_state[_of(run)] = label
    st.session_state["explain_order"] = ORDERS[0]
    place = list(_lists(run)).index(label)
    st.session_state[_key(run, place, ORDERS[0])] = wanted


def _wanted() -> int | None:
    handed, by_hand = st.session_state.pop(HANDED, None), st.session_state.pop(BY_HAND, False)
    if handed is not None:
        return int(handed)
    if by_hand:
        return None
    asked = st.query_params.get(ADDRESS, "")
    known = st.session_state.get("explain_address")
    return int(asked) if asked.isdecimal() and len(asked) <= LONGEST_ID and asked != known else None


def _lists(run: TrainingRun) -> dict[str, tuple[int, ...]]:
    """Comments by what the model says; a handed one that it gives no label stands first, under ""."""
    of_run, wanted, label = st.session_state.get("explain_extra", (None, 0, ""))
    first = {"": (wanted,)} if of_run == run.id and not label else {}
    return first | results.predicted(run)


def choose_comment(run: TrainingRun) -> Comment | None:
    """None when there is none yet."""
    source, rest = st.columns([2, 4.5], vertical_alignment="bottom")
    with source:
        which = st.segmented_control(
            "Which comment?",
            [STORED, PASTED],
            default=STORED,
            required=True,
            key="source",
            width="stretch",
            persist_state="session",
            on_change=_by_hand,
        )
    with rest:
        found = _pasted() if which == PASTED else _stored(run)
    _tell_address(found)
    return found


def _pasted() -> Comment | None:
    text = st.text_area(
        "Comment",
        key="pasted",
        max_chars=explanations.LONGEST,
        placeholder="Paste or write a comment, then press Ctrl+Enter",
        help="It is not stored. Personal data in it is masked first, as in what the model learned.",
        height=68,
        persist_state="session",
        on_change=_by_hand,
    )
    cleaned = explanations.clean_pasted(text or "")
    return Comment(cleaned) if cleaned else None


def _stored(run: TrainingRun) -> Comment | None:
    lists = _lists(run)
    if not lists:
        st.info("The model gives no stored comment a label. Paste a comment to explain it.")
        return None
    named, ordered, listed = st.columns([3, 2, 5], vertical_alignment="bottom")
    keep = {"persist_state": "session", "on_change": _by_hand}
    label = name_list.choose(named, "Predicted as", list(lists), _of(run), "(no label)", **keep)
    order = ordered.selectbox("First", ORDERS, key="explain_order", **keep)
    table = _table(run, lists, label, order)
    if table.empty:
        st.info("These comments are not stored any more. Choose another label.")
        return None
    rows = {int(row.id): row for row in table.itertuples()}
    numbers = {key: number for number, key in enumerate(rows, start=1)}
    key = _key(run, list(lists).index(label), order)
    if st.session_state.get(key) not in rows:
        st.session_state.pop(key, None)
    chosen = listed.selectbox(
        "Comment",
        list(rows),
        format_func=lambda key: f"{numbers[key]}. {option(rows[key].text)}",
        key=key,
        **keep,
    )
    return Comment(rows[chosen].text, chosen, rows[chosen].given, tuple(rows))


def _table(run: TrainingRun, lists: dict[str, tuple[int, ...]], label: str, order: str):
    """The first comments of the list; the one that was handed over is always among them, at the top."""
    table = results.evidence(run, lists[label], order, LISTED)
    of_run, wanted, of_label = st.session_state.get("explain_extra", (None, 0, ""))
    if (of_run, of_label) != (run.id, label) or wanted in set(table["id"]):
        return table
    import pandas as pd

    return pd.concat([results.evidence(run, (wanted,), order, 1), table], ignore_index=True)


def _of(run: TrainingRun) -> str:
    """Each run has its own labels to choose from."""
    return f"explain_theme_{run.id}"


def _key(run: TrainingRun, place: int, order: str) -> str:
    """Each list has its own choice."""
    return f"explain_comment_{run.id}_{place}_{ORDERS.index(order)}"


def _tell_address(found: Comment | None) -> None:
    """The address names the stored comment, so that it can be passed on."""
    named = "" if found is None or found.feedback_id is None else str(found.feedback_id)
    st.session_state["explain_address"] = named
    if st.query_params.get(ADDRESS, "") == named:
        return
    if named:
        st.query_params[ADDRESS] = named
    else:
        st.query_params.pop(ADDRESS, None)
