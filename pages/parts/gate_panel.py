"""Good enough? What a model must reach, whether it does, and the buttons that put it to work."""

import math
from collections.abc import Sequence

import streamlit as st

from core.domain import (
    BEYOND_CHANCE,
    NOT_JUDGED,
    NOT_MEASURED,
    GateResult,
    GateRule,
    LabelSet,
    Promotion,
    Scores,
    TrainingRun,
)
from core.workflow import promotion
from pages.parts import advice_list, resources, tuning_panel
from pages.parts.choices import look_at_run
from pages.parts.plain import plain
from pages.parts.run_words import label_set_of, luck_of, measures_of, mode_name

RECALL = "Recall of "
LABEL_MORE = ": label "  # where the gate itself says how many
OTHERWISE = {"Calibration error": " (confidence off by)"}  # how the cards above call it
PERCENT = (*OTHERWISE, BEYOND_CHANCE)
CHECKING = "Checking the files of the model"
MOST_NAMED = 6  # labels below the bound that are named


def show(run: TrainingRun) -> None:
    label_set = label_set_of(run)
    verdict = promotion.verdict(resources.store(), run)
    with st.container(border=True, key="gate"):
        badge = ":green-badge[✓ passes]" if verdict.passed else ":orange-badge[✗ not yet]"
        st.markdown(f"**Good enough?** {badge}")
        st.markdown("  \n".join(lines(verdict.results, run.model)))
        _answering(run, label_set)
        with st.container(horizontal=True, vertical_alignment="center"):
            _promote(run, label_set, verdict.passed)
            _change(label_set)
    if not verdict.passed:
        with st.container(border=True, key="helps"):
            st.markdown("**What would help most**")
            advice_list.show(run, "gate", limit=3)
            tuning_panel.show(run)


def lines(results: Sequence[GateResult], scores: Scores) -> list[str]:
    """Plain lines: macro F1, the weakest recall, labels that nothing judges, the calibration error."""
    recalls = [result for result in results if result.name.startswith(RECALL)]
    shown = [
        _line(result, result.name) + (_luck(scores) if result.name == BEYOND_CHANCE else "")
        for result in results
        if result not in recalls
    ]
    if recalls:
        shown.insert(1, _recall_line(recalls))
    return shown


def _line(result: GateResult, name: str) -> str:
    if name.startswith(NOT_JUDGED):
        more = ", " if LABEL_MORE in name else ". Label more comments with them, "
        return f"✗ {plain(name, 500)}{more}or train with another way to judge"
    if name.endswith(NOT_MEASURED):
        return f"✗ {plain(name)}"
    mark = "✓ reached" if result.passed else "✗ missed"
    bound = f"{'at least' if result.at_least else 'at most'} {_number(result.bound, result)}"
    value = f"**{_number(result.value, result)}**{_likely(result)}"
    return f"{mark}: {plain(name)}{OTHERWISE.get(name, '')} {value}, must be {bound}"


def _likely(result: GateResult) -> str:
    """What the value may be on all comments."""
    if result.range is None:
        return ""
    form = ".1%" if result.name in PERCENT else ".2f"
    low, high = result.range
    return f" (likely {low:{form}} to {high:{form}})"


def _luck(scores: Scores) -> str:
    """The error as the cards above show it, and what of it is chance."""
    return f" (confidence off by {scores.calibration_error:.1%}; {luck_of(scores)})"


def _recall_line(recalls: Sequence[GateResult]) -> str:
    weakest = min(recalls, key=lambda result: result.value)
    line = _line(weakest, f"{weakest.name}, the weakest of {len(recalls)},")
    below = sorted((result for result in recalls if not result.passed), key=lambda result: result.value)
    others = [result.name.removeprefix(RECALL) for result in below[1:]]
    if not others:
        return line
    more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
    return f"{line}; also below: {plain(', '.join(others[:MOST_NAMED]))}{more}"


def _number(value: float, result: GateResult) -> str:
    """As many digits as the bound has, more where they would make the value look like its bound on the wrong
    side; an error of confidence as a percentage, as it is everywhere on the page."""
    forms = (".1%", ".2%", ".3%") if result.name in PERCENT else (".2f", ".3f", ".4f")
    whole = [form for form in forms if _holds(result.bound, form)] or forms[-1:]
    telling = (form for form in whole if f"{result.value:{form}}" != f"{result.bound:{form}}")
    return f"{value:{next(telling, whole[0])}}"


def _holds(bound: float, form: str) -> bool:
    """Whether nothing of the bound is rounded away."""
    shown = f"{bound:{form}}"
    return math.isclose(float(shown.rstrip("%")), bound * 100 if "%" in shown else bound, abs_tol=1e-9)


def _answering(run: TrainingRun, label_set: LabelSet) -> None:
    """Which model answers for these labels, and the way back."""
    store = resources.store()
    history = store.promotions.history(label_set.id)
    if not history:
        st.caption("No model was put to work for these labels yet: Insights and Report show the newest one.")
        return
    current = history[0]
    if current.run_id == run.id:
        how = "" if current.passed else ", although it did not pass then"
        note = f" Note: {plain(current.note)}" if current.note else ""
        st.markdown(
            f":material/verified: **This model answers since {current.created_at:%Y-%m-%d %H:%M} UTC**{how}."
            f"{note}"
        )
        _way_back(label_set, history)
    else:
        name = mode_name(store.runs.get(current.run_id).options.mode)
        st.markdown(f":material/info: Run {current.run_id} ({name}) answers for these labels now.")


def _way_back(label_set: LabelSet, history: Sequence[Promotion]) -> None:
    before = next((item for item in history if item.run_id != history[0].run_id), None)
    if before is not None and st.button(
        f"Go back to run {before.run_id}", icon=":material/undo:", key="go_back"
    ):
        with st.spinner(CHECKING):
            done = promotion.roll_back(resources.store(), resources.settings(), label_set.id)
        look_at_run(done.run_id)
        st.toast(f"Run {done.run_id} answers again.")
        st.rerun()


def _promote(run: TrainingRun, label_set: LabelSet, passed: bool) -> None:
    current = resources.store().promotions.current(label_set.id)
    if current is not None and current.run_id == run.id:
        return
    if passed:
        if st.button("Promote", type="primary", icon=":material/verified:", key="promote"):
            _put_to_work(run, "", anyway=False)
        return
    with st.popover("Promote anyway", icon=":material/verified:", key="promote_anyway"):
        st.markdown("It does not reach what was asked of it. Say why it is put to work all the same.")
        note = st.text_input("Note", key="promote_note", max_chars=500, placeholder="Kept with the model")
        if st.button("Promote it", type="primary", key="promote_now"):
            _put_to_work(run, note.strip(), anyway=True)


def _put_to_work(run: TrainingRun, note: str, anyway: bool) -> None:
    with st.spinner(CHECKING):
        promotion.promote(resources.store(), resources.settings(), run.id, note, anyway)
    look_at_run(run.id)
    st.toast(f"Run {run.id} answers from now on.")
    st.rerun()


def _change(label_set: LabelSet) -> None:
    """The bounds of this label set, for all its models."""
    rule = promotion.rule_of(label_set)
    with st.popover("Change what is asked", icon=":material/tune:", key="gate_rule"):
        st.markdown(f"For every model of **{plain(label_set.name)}**:")
        with st.form("gate_form", border=False):
            means = measures_of(label_set.multi)
            f1 = _bound("Macro F1 at least", rule.macro_f1, "f1", means["Macro F1"])
            recall = _bound("Recall of every label at least", rule.recall, "recall", means["Recall"])
            error = _bound(
                "Calibration error at most", rule.calibration_error, "error", means["Confidence off by"]
            )
            saved = st.form_submit_button("Save", type="primary", key="gate_save")
            reset = st.form_submit_button("Back to the defaults", key="gate_reset")
    if saved or reset:
        wanted = GateRule(f1, recall, error)
        promotion.set_rule(resources.store(), label_set.id, None if reset or wanted == GateRule() else wanted)
        st.rerun()


def _bound(words: str, value: float, name: str, means: str) -> float:
    """The key holds the stored value, so that a change by somebody else is shown."""
    form = next((form for form in ("%.2f", "%.3f") if _holds(value, form[1:])), "%.4f")
    key = f"gate_{name}_{value}"
    return float(st.number_input(words, 0.0, 1.0, value, 0.01, format=form, key=key, help=means))
