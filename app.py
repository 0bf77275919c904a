"""The way in, twice: the server imports this file to serve the app, every visit runs it as the script."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.parts.frame import open_app, show_error
from pages.parts.server import MIDDLEWARE, ROUTES, check_address, keep_messages_out_of_the_log, server_error

if get_script_run_ctx(suppress_warning=True) is None:
    check_address()
    keep_messages_out_of_the_log()
    app = st.App(
        __file__,
        routes=ROUTES,
        middleware=MIDDLEWARE,
        on_script_error=show_error,
        exception_handlers={Exception: server_error},
    )
else:
    open_app()
