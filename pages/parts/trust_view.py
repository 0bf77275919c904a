"""How far to trust the explanations of a run: what was measured on its own held-out comments."""

import streamlit as st

from core.charts import trust as charts
from core.domain import BETTER, TrainingRun
from core.workflow import runs, trusting
from core.workflow.explain_jobs import FAITHFULNESS, TRUST, pending
from core.workflow.trusting import FEWEST, MOST_RHO, RANDOM, UNKNOWN, WEAK, MethodRow, Table, TrustFinding
from pages.parts import background, resources
from pages.parts.plain import counted, plain

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-trust"}}
WITHOUT = (
    "By how much the confidence falls when the words it names are taken out (comprehensiveness, mean over "
    "1 to 50 % of the words). More is better: it named words that the model needs."
)
ALONE = (
    "By how much the confidence falls when only the words it names are left (sufficiency). Less is better: "
    "these words alone nearly make the decision."
)
AT_RANDOM = "The same with as many words drawn at random, five times a comment: what anybody could say."
LIKENESS = (
    "How alike the explanations are to those of a copy of the model whose last layers were filled with "
    "random numbers (rank correlation, 1: the same). An explanation that does not change does not show the "
    f"model; above {MOST_RHO:.2f} the test is failed."
)
RULE = (
    "The usual way leads unless another one names better words on these comments beyond chance (95 % range "
    "of the difference above zero), says why and not only where it looked, is right on at least 97 % of "
    f"joined comments, changes when the weights are random (likeness at most {MOST_RHO:.2f}), and is quick "
    "enough for a short comment."
)


def show(run: TrainingRun) -> None:
    store = resources.store()
    found = trusting.stored(store, run)
    if found is not None:
        _finding(run, found)
    elif pending(store, run, TRUST) is None:
        st.info(
            "Not tested yet. The test takes the words that an explanation names out of held-out comments and "
            "looks whether the model's confidence falls more than without random words."
        )
    _work(run, TRUST, "Test again" if found else "Test it", "Testing the explanations", found is None)
    st.markdown("**Which method names the right words?**", help=RULE)
    table = trusting.table(store, run)
    if table is not None:
        _methods(run, table)
    elif pending(store, run, FAITHFULNESS) is None:
        slow = run.options.mode in (runs.QUICK, BETTER)
        takes = "It takes some minutes in the background." if slow else "It takes a moment."
        st.caption(f"Every way to explain this model on the same held-out comments. {takes}")
    _work(run, FAITHFULNESS, "Compare again" if table else "Compare all methods", "Comparing methods", False)


def _work(run: TrainingRun, kind: str, words: str, going_on: str, primary: bool) -> None:
    """A button that starts it, or where it stands."""
    if not background.going_on(run, kind, going_on):
        background.offer(run, kind, words, key=f"start_{kind}", icon=":material/rule:", primary=primary)


def _finding(run: TrainingRun, found: TrustFinding) -> None:
    if found.badge == UNKNOWN:
        st.info(plain(found.words, 600))
        return
    if found.badge == WEAK:
        st.warning(plain(found.words, 600), icon=":material/warning:")
    else:
        st.success(plain(found.words, 600), icon=":material/verified:")
    _stale(run, found.data_sha256)
    left, right = st.columns([3, 2])
    with left:
        st.plotly_chart(
            charts.falls(found.figures),
            key="trust_falls",
            alt="Points the confidence falls: the words it names beside random words",
            config=CONFIG,
        )
    with right:
        _figures(found)
    st.caption(
        f"Measured on {counted(int(found.figures['comments']), 'comment')} that the model has not learned "
        f"from, {found.created_at:%d %B %Y}. Cut comments read oddly to a model, so compare the figures with "
        "those of random words; alone they say little."
    )


def _figures(found: TrustFinding) -> None:
    values = found.figures
    points = {name: 100 * value for name, value in values.items()}
    rows = (
        ("Without the words it names", f"−{points['comprehensiveness']:.0f} points", WITHOUT),
        ("Without random words", f"−{points['comprehensiveness of random words']:.0f} points", AT_RANDOM),
        ("With these words alone", f"−{points['sufficiency']:.0f} points", ALONE),
        ("With random words alone", f"−{points['sufficiency of random words']:.0f} points", AT_RANDOM),
    )
    for words, value, why in rows:
        st.markdown(f"{words}: **{value.replace('−-', '+')}**", help=why)
    if (likeness := values.get("likeness to a randomised model")) is not None:
        st.markdown(f"Likeness to a model that learned nothing: **{likeness:.2f}**", help=LIKENESS)


def _stale(run: TrainingRun, data_sha256: str) -> None:
    if resources.store().datasets.get(run.dataset_id).sha256 != data_sha256:
        st.caption("The comments changed since this was measured.")


def _methods(run: TrainingRun, table: Table) -> None:
    if not table.rows:
        st.info(f"Too few held-out comments of two words: {FEWEST} are needed to compare methods.")
        return
    st.markdown(plain(trusting.in_words(table), 600))
    _stale(run, table.data_sha256)
    st.dataframe(
        [_cells(row, table) for row in table.rows],
        key="trust_methods",
        hide_index=True,
        column_config=_columns(),
        alt="Every method with the figures of its tests",
    )


def _cells(row: MethodRow, table: Table) -> dict[str, object]:
    name = f"{row.name} (leads)" if row.key == table.headline else row.name
    chance = row.key == RANDOM
    above = "" if chance or row.above is None else _points(row.above)
    return {
        "Method": name,
        "Without its words": round(100 * row.comprehensiveness.mid),
        "Likely range": f"{100 * row.comprehensiveness.low:.0f} to {100 * row.comprehensiveness.high:.0f}",
        "Beside the usual way": above,
        "With them alone": round(100 * row.sufficiency.mid),
        "Right half of two": "" if row.mixed is None else f"{row.mixed:.0%}",
        "Random weights": "" if row.rho_top is None else f"{row.rho_top:.2f}",
        "Milliseconds": "" if chance else f"{row.milliseconds:,.0f}",
        "Tests": "" if chance else "passed" if row.passes else "not passed",
    }


def _points(found) -> str:
    return f"{100 * found.mid:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})"


def _columns() -> dict[str, object]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "Without its words": number(format="%.0f", help=WITHOUT),
        "Likely range": text(help="Where the figure before lies for other comments of this kind (95 %)."),
        "Beside the usual way": text(
            help="The difference on the same comments with its likely range (95 %); beyond chance where the "
            "range does not hold zero."
        ),
        "With them alone": number(format="%.0f", help=ALONE),
        "Right half of two": text(
            help="Two comments of different labels are joined and each label is asked about: how often the "
            "words it names lie in the right half. 50 % is by chance. Empty: no two could be joined.",
        ),
        "Random weights": text(help=f"{LIKENESS} Empty: the model has no layers."),
        "Milliseconds": text(help="To explain one comment on this machine (median)."),
        "Tests": text(help=RULE),
    }
