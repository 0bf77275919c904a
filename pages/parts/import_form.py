"""A file whose questions are answered: what it holds, which column is what, where it goes, Import."""

from pathlib import PurePath

import streamlit as st

from core.domain import Dataset, Rejection
from core.workflow import importing
from core.workflow.importing import Look, Order
from pages.parts import import_progress, kept_upload, mapping_form, privacy_form, resources
from pages.parts.accounting import in_words
from pages.parts.kept_upload import KeptUpload
from pages.parts.plain import bullets, counted, listed, plain
from pages.parts.questions import list_answers, rows_table

SHOWN_WARNINGS = 5
FORMATS = {"csv": "text table", "xlsx": "Excel workbook", "jsonl": "JSON Lines"}
DELIMITERS = {"\t": "tab", "": "none", ",": "comma", ";": "semicolon", "|": "pipe"}
NEW = -1
DATES = "dates:"  # answers whose key ends in a column


def show(upload: KeptUpload, look: Look, dataset: Dataset | None) -> None:
    list_answers(upload.answered, kept_upload.keep_answers)
    _facts(upload, look)
    st.markdown(
        "**What is in which column?** The guesses come from names and contents; change what is wrong."
    )
    chosen = mapping_form.ask(look, upload.columns)
    _columns(look)
    privacy = privacy_form.ask(look)
    target, name = _target(upload, look, dataset)
    _tell_wrong(chosen)
    privacy_form.tell_wrong(privacy)
    ready = chosen.columns is not None and not chosen.twice and not privacy.wrong
    if st.button("Import", type="primary", icon=":material/check:", key="import", disabled=not ready):
        scale = {f"scale:{chosen.scale[0]}": chosen.scale[1]} if chosen.scale else {}
        order = Order(
            file_name=upload.file_name,
            sha256=upload.id,
            columns=chosen.columns,
            answers=_answers(upload, look) | scale | privacy.answers,
            name=name,
            dataset_id=target,
        )
        start(upload, order)


def start(upload: KeptUpload, order: Order) -> None:
    """Queue it; from here on the job carries it, whatever becomes of this browser."""
    job = importing.start(resources.store(), resources.settings(), upload.id, order)
    kept_upload.leave(drop=False)
    import_progress.follow(job)
    st.rerun()


def _answers(upload: KeptUpload, look: Look) -> dict[str, str]:
    """Those that were given now or for an earlier file with this header, but not what the reader assumed:
    it says again what it assumed when it imports."""
    remembered = resources.store().mappings.get(look.header) if upload.order is None else None
    given = {**(remembered[1] if remembered else {}), **upload.answers}
    return {key: value for key, value in given.items() if not key.startswith(("scale:", "pattern:"))}


def _facts(upload: KeptUpload, look: Look) -> None:
    facts = [counted(look.rows_in, "row"), counted(len(look.header), "column")]
    facts.append(FORMATS.get(look.format, look.format))
    if look.format == "csv":
        delimiter = DELIMITERS.get(look.delimiter, look.delimiter)
        facts += [f"encoding {look.encoding}", f"delimiter {delimiter}"]
    if look.answers.get("sheet"):
        facts.append(f"sheet {look.answers['sheet']}")
    st.caption(plain(" · ".join(facts), 400))
    _recognised(upload, look)
    _kept_aside(look.rejections, look.rows_in)
    if look.warnings:
        st.info(listed(look.warnings[:SHOWN_WARNINGS]), icon=":material/info:")
    if len(look.warnings) > SHOWN_WARNINGS:
        more = look.warnings[SHOWN_WARNINGS:]
        with st.expander(f"{len(more)} more to know about this file", icon=":material/info:"):
            st.markdown(bullets(more))
    rows_table(look.header, look.first_rows, alt="The first rows of the file")


def _recognised(upload: KeptUpload, look: Look) -> None:
    """A known export, or the choices for the last file with these column names and the way back from them."""
    if not look.source:
        return
    earlier = [
        f"Dates of '{key.removeprefix(DATES)}' are read with the {value} first, as you answered before."
        for key, value in look.answers.items()
        if key.startswith(DATES) and key not in upload.answered
    ]
    known = f"Recognised: {plain(look.source)}. The columns are set accordingly."
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.success(f"{known} {plain(' '.join(earlier), 600)}", icon=":material/check:")
    mappings = resources.store().mappings
    if upload.order is None and mappings.get(look.header) and right.button("Guess anew", type="tertiary"):
        mappings.forget(look.header)
        kept_upload.keep_answers({})
        st.rerun()


def _kept_aside(rejections: tuple[Rejection, ...], rows_in: int) -> None:
    rows = sum(item.rows for item in rejections)
    if rows:
        reasons = bullets(in_words(item) for item in rejections)
        st.warning(
            f"{rows:,} of {rows_in:,} rows cannot be stored as they are. They are kept aside, for you to "
            f"download after the import.\n\n{reasons}",
            icon=":material/rule:",
        )


def _columns(look: Look) -> None:
    with st.expander(f"All {len(look.header):,} columns and what they hold", icon=":material/view_column:"):
        st.dataframe(
            [
                {"Column": name, "Guessed as": role, "Examples": examples, "Filled": round(filled, 4)}
                for name, role, examples, filled in look.roles
            ],
            hide_index=True,
            column_config={"Filled": st.column_config.NumberColumn(format="percent")},
            alt="The columns of the file, with examples",
        )


def _target(upload: KeptUpload, look: Look, dataset: Dataset | None) -> tuple[int | None, str]:
    """(dataset to add to, name of a new one)."""
    first = PurePath(upload.file_name).stem[:120]
    if dataset is None:
        return None, st.text_input("Name of the dataset", value=first, max_chars=120, key="role_name")
    known = resources.store().datasets.imports(dataset.id)
    again = any(done.header == look.header for done in known)
    if upload.order:
        again = upload.order.dataset_id == dataset.id
    words = {NEW: "A new dataset", dataset.id: f"Add to {plain(dataset.name, 60)}"}
    left, right = st.columns(2)
    target = left.radio(
        "Where to",
        list(words),
        index=1 if again else 0,
        format_func=words.get,
        key=f"role_target_{dataset.id}",
        help="The dataset of the sidebar can be added to.",
    )
    if target == NEW:
        return None, right.text_input("Name of the dataset", value=first, max_chars=120, key="role_name")
    right.caption(
        "Comments that are there already are recognised: by their ID in the source, else by author, date and "
        "words. You see how many are new, changed or the same before anything is added."
    )
    return target, dataset.name


def _tell_wrong(chosen: mapping_form.Mapping) -> None:
    if chosen.columns is None:
        st.error("Choose at least one column that holds the comments.")
    for name in chosen.twice:
        st.error(f"The column “{plain(name)}” is chosen twice. Keep it in one place.")
