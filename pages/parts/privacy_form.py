"""What counts as personal data in a file, beyond what is always found."""

import re
from dataclasses import dataclass

import streamlit as st

from core.workflow.importing import Look
from pages.parts import resources
from pages.parts.plain import plain

REGION = re.compile(r"[A-Z]{2}")
KIND = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,29}")
PATTERN = "pattern:"


@dataclass(frozen=True)
class Privacy:
    answers: dict[str, str]
    wrong: tuple[str, ...]  # sentences; with any, nothing is imported


def ask(look: Look) -> Privacy:
    with st.expander("Privacy: what is masked before anything is stored", icon=":material/shield:"):
        st.markdown(
            "E-mail addresses, phone, card and account numbers (IBAN), IP addresses and links with secrets "
            "in them become words such as `[email]`. Authors become pseudonyms. "
            "**Names of people inside a comment are not found**: remove them from the file if they must not "
            "be stored."
        )
        left, right = st.columns(2)
        region = left.text_input(
            "Country of phone numbers without a country code",
            value=look.answers.get("region", resources.settings().phone_region),
            max_chars=2,
            key="role_region",
            help="Two letters, such as US, GB or DE.",
        )
        keep = right.toggle(
            "Keep @names",
            value=look.answers.get("handles") == "keep",
            key="role_handles",
            help="Names such as @roadlens are masked unless you need them, for example to tell brands apart.",
        )
        patterns = st.text_area(
            "IDs of your own to mask, one a line: kind = pattern",
            value=_known_patterns(look),
            placeholder="customer = CUST-\\d{6}",
            max_chars=4000,
            key="role_patterns",
            help="The pattern is a regular expression. What it finds becomes [kind], such as [customer].",
        )
    return _read(region.strip().upper(), keep, patterns)


def _known_patterns(look: Look) -> str:
    known = {
        key.removeprefix(PATTERN): value for key, value in look.answers.items() if key.startswith(PATTERN)
    }
    return "\n".join(f"{kind} = {pattern}" for kind, pattern in known.items())


def _read(region: str, keep: bool, patterns: str) -> Privacy:
    wrong = []
    answers = {"handles": "keep" if keep else "mask", "region": region}
    if not REGION.fullmatch(region):
        wrong.append("Write the country of the phone numbers as two letters, such as US or DE.")
    for line in filter(None, map(str.strip, patterns.splitlines())):
        kind, sign, pattern = (part.strip() for part in line.partition("="))
        if not (sign and pattern and KIND.fullmatch(kind)):
            wrong.append(
                f"“{line[:60]}” is not of the form kind = pattern, such as customer = CUST-\\d{{6}}."
            )
        else:
            key = PATTERN + kind
            answers[key] = f"(?:{answers[key]})|(?:{pattern})" if key in answers else pattern
    return Privacy(answers, tuple(wrong))


def tell_wrong(privacy: Privacy) -> None:
    for sentence in privacy.wrong:
        st.error(plain(sentence))
