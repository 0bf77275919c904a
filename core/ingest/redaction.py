"""Personal data out of texts before they are stored. Names are not found."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import BadColumns
from core.ingest import hints, own_patterns
from core.ingest.addresses import HANDLE, emails, emails_in_words, internet_addresses
from core.ingest.numbers_of_people import DIGITS, cards, ibans, phones
from core.ingest.plain_view import PlainView, Span
from core.ingest.secrets_in_text import mask_keys, mask_urls

EMAIL, CARD, IBAN, IP, TOKEN, PHONE, HANDLE_KIND = "email", "card", "iban", "ip", "token", "phone", "handle"
KINDS = (EMAIL, CARD, IBAN, IP, TOKEN, PHONE, HANDLE_KIND)
FEW = 64  # texts that are quicker looked at one by one than by patterns made for columns
Texts = Sequence[str] | pd.Series | pa.Array | pa.ChunkedArray
REGION = "US"  # where a phone number without a country code is looked for


@dataclass(frozen=True)
class Masked:
    texts: tuple[str, ...]
    counts: dict[str, int]  # kind -> places masked; kinds without any are left out


def check_patterns(patterns: own_patterns.Patterns) -> None:
    """Raises BadColumns for a (kind, regex) that cannot be used, with what to change."""
    own_patterns.check_patterns(patterns, KINDS)


def known_region(region: str) -> str:
    """Two capital letters; a region nobody knows would find no phone number. Raises BadColumns."""
    from phonenumbers import SUPPORTED_REGIONS

    if region.strip().upper() not in SUPPORTED_REGIONS:
        raise BadColumns(
            f"'{region[:40]}' is no region for phone numbers. Give its two letters, such as US, GB or DE."
        )
    return region.strip().upper()


class Masker:
    """Replaces personal data by [email], [card], [iban], [ip], [token], [phone], [handle] and own kinds.

    Raises BadColumns as `check_patterns` does.
    """

    def __init__(
        self, region: str = REGION, handles: bool = True, patterns: own_patterns.Patterns = ()
    ) -> None:
        """Raises BadColumns for a pattern or a region that cannot be used."""
        check_patterns(patterns)
        self.region = known_region(region)
        self.handles = handles
        self.patterns = tuple(patterns)

    def column(self, texts: Texts, ids: bool = False) -> tuple[list[str], Counter[str]]:
        """The masked texts and the places by kind; in a column of `ids` no cards, phones or handles."""
        masked = _as_list(texts)
        counts: Counter[str] = Counter()
        if len(masked) < FEW:
            return [self.text(text, counts, ids) for text in masked], +counts
        column = _column(texts, masked)
        careful = hints.may_hold_more_than_handles(column, ids)
        if self.patterns:
            careful |= hints.matches(column, own_patterns.one_of(self.patterns))
        if self.handles and not ids:
            for i in np.flatnonzero(hints.matches(column, "@") & ~careful):
                masked[i], places = HANDLE.subn("[handle]", masked[i])
                counts[HANDLE_KIND] += places
        rows = np.flatnonzero(careful)
        views = [PlainView(masked[i]) for i in rows]
        self._take_own(views)
        for i, view, may_hold in zip(rows, views, hints.hints_of(column.take(pa.array(rows))), strict=True):
            self._look(view, may_hold, ids)
            masked[i] = _replaced(view.original, view.spans(), counts)
        return masked, +counts

    def text(self, text: str, counts: Counter[str], ids: bool = False) -> str:
        """One masked text; `counts` grows by what was found."""
        view = PlainView(text)
        self._take_own([view])
        self._look(view, hints.KINDS_OF_HINT, ids)
        return _replaced(text, view.spans(), counts)

    def _take_own(self, views: list[PlainView]) -> None:
        if self.patterns and views:
            found = own_patterns.own_spans([view.text for view in views], self.patterns)
            for view, spans in zip(views, found, strict=True):
                view.take(spans)

    def _look(self, view: PlainView, may_hold: frozenset[str], ids: bool) -> None:
        """The order matters: what is found is hidden from the patterns after it."""
        handles = self.handles and not ids
        if hints.KEY in may_hold:
            mask_keys(view)
        if hints.URL in may_hold:
            mask_urls(view, handles)
        if hints.EMAIL in may_hold:
            view.take([(*place, EMAIL) for place in emails(view.text)])
        if hints.WORDS in may_hold:
            view.take([(*place, EMAIL) for place in emails_in_words(view.text)])
        numbers = hints.NUMBER in may_hold and DIGITS.search(view.text)
        if numbers:
            view.take((*place, IBAN) for place in ibans(view.text))
        if numbers and not ids:
            view.take((*place, CARD) for place in cards(view.text))
        if hints.IP in may_hold:
            view.take((*place, IP) for place in internet_addresses(view.text))
        if numbers and not ids:
            view.take((*place, PHONE) for place in phones(view.text, self.region))
        if handles and "@" in view.text:
            view.take([(*match.span(), HANDLE_KIND) for match in HANDLE.finditer(view.text)])


def mask_texts(texts: Iterable[str], region: str = REGION, handles: bool = True) -> Masked:
    masked, counts = _masker(region, handles).column(list(texts))
    return Masked(tuple(masked), {kind: counts[kind] for kind in KINDS if counts[kind]})


def mask_text(text: str, counts: Counter[str], region: str = REGION, handles: bool = True) -> str:
    """One masked text; `counts` grows by what was found."""
    return _masker(region, handles).text(text, counts)


@lru_cache(maxsize=32)
def _masker(region: str, handles: bool) -> Masker:
    return Masker(region, handles)


def _replaced(text: str, spans: list[Span], counts: Counter[str]) -> str:
    parts, done = [], 0
    for start, end, kind in spans:
        parts += (text[done:start], f"[{kind}]")
        counts[kind] += 1
        done = end
    return "".join((*parts, text[done:])) if parts else text


def _as_list(texts: Texts) -> list[str]:
    if isinstance(texts, pa.Array | pa.ChunkedArray):
        return texts.to_pylist()
    return texts.tolist() if isinstance(texts, pd.Series) else list(texts)


def _column(texts: Texts, as_list: list[str]) -> hints.Column:
    if isinstance(texts, pa.Array | pa.ChunkedArray):
        return texts
    try:
        return pa.array(texts, type=pa.large_string())
    except UnicodeEncodeError:  # half a surrogate pair
        readable = [text.encode("utf-8", "replace").decode() for text in as_list]
        return pa.array(readable, type=pa.large_string())
