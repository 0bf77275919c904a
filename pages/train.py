"""Teach a model the team's own labels, see how good it is, and put it to work."""

import streamlit as st

from pages.parts import run_card, run_notes, training_form
from pages.parts.choices import choose_run, need_dataset
from pages.parts.frame import open_page
from pages.parts.plain import plain
from pages.parts.progress import follow_up, tell_failure, watch_active

open_page()
st.title("Train")
dataset = need_dataset()
run = choose_run(dataset, newest=True)
label_set = training_form.ask(dataset, run)
tell_failure(dataset.id)
watch_active(dataset.id)
follow_up(dataset.id)
if run and label_set and run.label_set_id != label_set.id:
    st.info(f"No model of **{plain(label_set.name)}** was trained yet.")
elif run:
    run_notes.show(run)
    run_card.show(run)
