"""What drives a label: the words that move the model's confidence over all comments."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from core.charts import drivers as charts
from core.domain import TrainingRun
from core.workflow import driving
from core.workflow.label_drivers import LabelDrivers, Robustness
from pages.parts import background, drivers_words, held_rows, name_list, resources, shortcuts_list
from pages.parts.plain import counted, plain
from pages.parts.run_words import duration

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-drivers"}}
FOR, AGAINST = 12, 6  # bars of each side
STRONGEST, COMMONEST = "Strongest words", "Most weight in all"
ONE_LABEL = (
    "This model knows one label only and gives it to every comment, so no word can change its answer. "
    "Train on a label set with at least two labels."
)


def show(run: TrainingRun) -> None:
    """Whatever is measured by now, and the way to the rest."""
    store = resources.store()
    multi = store.labels.get(run.label_set_id).multi
    if len(run.labels) < 2 and not multi:
        st.info(ONE_LABEL)
        return
    going_on = background.going_on(run, driving.KIND, "Measuring what drives each label")
    found = driving.stored(store, run)
    if going_on:
        _news(run, sum(each.fresh for each in found.values()))
    else:
        _ask(run, found)
    if found:
        _label(run, found)
        st.divider()
        shortcuts_list.show(run, found)
        _download(run, found)


# ---- measuring ----------------------------------------------------------------------------


def _ask(run: TrainingRun, found: Mapping[str, LabelDrivers]) -> None:
    """Nothing when all is measured on the comments of today."""
    left = len(run.labels) - sum(each.fresh for each in found.values())
    if not left:
        return
    with st.spinner("Estimating how long it takes"):
        ahead = driving.forecast(resources.store(), resources.settings(), run)
    takes = (
        f"About {duration(ahead.seconds)} in the background: the model reads "
        f"{counted(ahead.comments, 'comment')} and about {_rounded(ahead.variants):,} copies of them with "
        "words left out."
    )
    if not found:
        press = "Measure what drives each label"
        st.markdown(
            "Which words make this model choose a label? Each word is left out of up to "
            f"{driving.SAMPLE} comments of every label, and the fall of the confidence is measured. Words "
            "that should have no say, such as names or greetings, are listed as suspicious."
        )
    elif any(not each.fresh for each in found.values()):
        press = "Measure again"
        st.warning(
            "The comments or labels changed since this was measured. What you see is about the comments as "
            "they were then.",
            icon=":material/update:",
        )
    else:
        press = "Measure the rest"
        st.info(f"{counted(left, 'label')} of {len(run.labels)} {'is' if left == 1 else 'are'} not measured.")
    background.offer(
        run, driving.KIND, press, key="measure_drivers", icon=":material/insights:", primary=not found
    )
    st.caption(takes)


def _rounded(number: int) -> int:
    """Two digits: nobody takes it for exact."""
    return int(float(f"{number:.2g}"))


@st.fragment(run_every=3.0)
def _news(run: TrainingRun, known: int) -> None:
    """The first label is shown as soon as it is there; later ones on request, to disturb nobody's reading."""
    fresh = sum(each.fresh for each in driving.stored(resources.store(), run).values())
    if fresh > known and not known:
        st.rerun()
    if fresh > known and st.button(
        f"Show {counted(fresh - known, 'more label')}", icon=":material/refresh:", key="more_labels"
    ):
        st.rerun()


# ---- one label ----------------------------------------------------------------------------


def _label(run: TrainingRun, found: Mapping[str, LabelDrivers]) -> None:
    names = sorted(found, key=lambda label: (-found[label].said, label))
    left, right = st.columns(2, vertical_alignment="bottom")
    label = name_list.choose(left, "Label", names, "drivers_label")
    order = right.segmented_control(
        "First",
        [STRONGEST, COMMONEST],
        default=STRONGEST,
        required=True,
        key="drivers_order",
        help="Most weight in all: the effect of a word times the comments that hold it.",
    )
    each = found[label]
    if not each.comments:
        st.info(f"No comment carries {plain(label)}, so there is nothing to measure.")
        return
    _robustness(each)
    number = list(found).index(label)
    shown = _chosen(each, order)
    if not shown:
        st.info(
            "No word clearly moves the confidence: the model decides by how words stand together, or there "
            "are too few comments."
        )
        return
    _bars(each, shown, number)
    words = [driver.words for driver in shown]
    clicked = st.session_state.get(f"drivers_bar_{number}")
    picked = held_rows.pick("Show the comments with", words, clicked, f"drivers_word_{number}")
    if picked:
        drivers_words.show(run, label, each, shown[words.index(picked)])


def _robustness(each: LabelDrivers) -> None:
    found = each.robustness
    if found is None:
        st.caption(f"The model gives {plain(each.label)} to none of the comments looked at.")
        return
    st.markdown(
        f"**How firm is it?** {firm(found)}",
        help=f"Measured on {counted(found.comments, 'comment')}: words are left out, first each alone, then "
        "the strongest together, until the answer turns. The share is the median. If little is enough, one "
        "other word in a comment may change its label.",
    )


def firm(found: Robustness) -> str:
    """A sentence as markdown."""
    if found.share >= 1:
        return "Most comments keep it whatever words go."
    alone = round(found.one_word * found.comments)
    return (
        f"Typically **{found.share:.0%} of the words** must go before the model no longer says "
        f"{plain(found.label)}; a single word is enough in **{alone} of {found.comments}** comments."
    )


def _chosen(each: LabelDrivers, order: str) -> list:
    """Words that clearly move it: those for it, then those against it; with no clear one the strongest."""
    weigh = (lambda driver: driver.effect.mid * driver.effect.n) if order == COMMONEST else _middle
    clear = [driver for driver in each.drivers if driver.clear]
    ahead = sorted((d for d in clear if d.effect.mid > 0), key=weigh, reverse=True)[:FOR]
    back = sorted((d for d in clear if d.effect.mid < 0), key=weigh)[:AGAINST]
    return ahead + back[::-1]


def _middle(driver) -> float:
    return driver.effect.mid


def _bars(each: LabelDrivers, shown: list, number: int) -> None:
    st.markdown(
        f"**With this word the confidence in {plain(each.label, 60)} is higher or lower by**",
        help="The mean fall of the confidence when the word is left out of the comments that hold it; "
        "a phrase is shown where it does more than its words. Lines: likely range (90%, drawn again over "
        "comments). Only words whose range excludes zero are shown.",
    )
    figure = charts.bars([d.words for d in shown], [d.effect for d in shown], each.label)
    event = st.plotly_chart(
        figure,
        key=f"drivers_{number}",
        alt=f"Words that move the confidence in {each.label}, with 90% ranges",
        on_select="rerun",
        selection_mode="points",
        config=CONFIG,
    )
    st.session_state[f"drivers_bar_{number}"] = next(iter(held_rows.clicked_values(event)), None)
    st.caption(
        f"From {each.comments:,} of the {counted(each.said, 'comment')} that the model calls "
        f"{plain(each.label)}; beside each word the comments that hold it."
    )


def _download(run: TrainingRun, found: Mapping[str, LabelDrivers]) -> None:
    st.download_button(
        "Download the words of all labels as CSV",
        data=partial(driving.csv_bytes, found),
        file_name=f"roadlens-drivers-run-{run.id}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="drivers_csv",
    )
