"""Suspicious words over all labels, and a training without them."""

from collections.abc import Mapping

import streamlit as st

from core.charts.drivers import points
from core.charts.labels import shorten
from core.domain import TrainingRun
from core.workflow import driving
from core.workflow.label_drivers import LabelDrivers
from pages.parts import resources
from pages.parts.plain import plain

STARTED = "trained_without"  # (run, words, new run) of the last press


def show(run: TrainingRun, found: Mapping[str, LabelDrivers]) -> None:
    st.markdown(
        "**Right for the wrong reason?**",
        help="Words that clearly move a label and are names, dates, greetings, devices, codes, masked "
        "personal data, or values of your accounts and segments. Capital letters tell names, so a word may "
        "be here without being one: you decide.",
    )
    listed = driving.listed(found)
    gone = {word.lower() for word in run.options.without}
    words = [word for word in listed if word.words.lower() not in gone]
    if run.options.without:
        st.caption(f"Trained without: {plain(', '.join(run.options.without), 300)}")
    if not words:
        st.success("No suspicious word clearly moves a label.", icon=":material/verified:")
        return
    event = st.dataframe(
        [_row(word) for word in words],
        key=f"shortcuts_{run.id}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "Word": st.column_config.TextColumn(width="small"),
            "Why suspicious": st.column_config.TextColumn(width="medium"),
            "Moves": st.column_config.TextColumn(width="small"),
            "Points of confidence": st.column_config.TextColumn(
                width="medium", help="Mean effect with its likely range (90%)."
            ),
            "Comments": st.column_config.NumberColumn(
                width="small", help="Of those looked at for this label."
            ),
        },
        alt="Suspicious words that move a label",
    )
    chosen = [words[row].words for row in event.selection.rows if row < len(words)]
    _train(run, chosen)


def _row(word: driving.ShortcutWord) -> dict[str, object]:
    more = f" and {len(word.others)} more" if word.others else ""
    return {
        "Word": shorten(word.words, 80),
        "Why suspicious": shorten(word.why, 120),
        "Moves": shorten(word.label, 80) + more,
        "Points of confidence": points(word.effect).removesuffix(" points"),
        "Comments": word.effect.n,
    }


def _train(run: TrainingRun, chosen: list[str]) -> None:
    name = "word" if len(chosen) == 1 else f"{len(chosen)} words" if chosen else "word"
    these = "this" if len(chosen) < 2 else "these"
    if st.button(
        f"Train without {these} {name}",
        key="train_without",
        type="primary",
        icon=":material/model_training:",
        disabled=not chosen,
        help="Choose one or more rows first.",
    ):
        with st.spinner("Queueing the training"):
            new = driving.train_without(resources.store(), resources.settings(), run, chosen)
        st.session_state[STARTED] = (run.id, chosen, new.id)
    st.caption(
        "Queues the same training once more with the chosen words taken out of every comment; the new "
        "model never reads them, in later comments either. This model stays as it is; on the Train page you "
        "can compare the two."
    )
    started = st.session_state.get(STARTED)
    if started and started[0] == run.id:
        st.success(
            f"Run {started[2]} is in the queue: without {plain(', '.join(started[1]), 200)}.",
            icon=":material/check:",
        )
        st.page_link("pages/train.py", label="Watch it on the Train page", icon=":material/model_training:")
