"""Exports of well-known products, recognised by their column names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.domain import Columns
from core.ingest.column_names import words


@dataclass(frozen=True)
class Preset:
    """The columns of one export, named as in the file that was shown."""

    name: str  # of the source, for the person
    columns: Columns


@dataclass(frozen=True)
class _Export:
    """`signs` must all be there; a role names the first of its columns that is."""

    name: str
    signs: tuple[str, ...]
    text: tuple[str, ...]
    more_text: tuple[str, ...] = ()
    roles: tuple[tuple[str, tuple[str, ...]], ...] = ()  # role, columns
    labels: tuple[str, ...] = ()
    multi: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


_EXPORTS = (
    _Export(
        "Google Play Console reviews",
        signs=("Star Rating", "Review Text", "Review Submit Millis Since Epoch"),
        text=("Review Text",),
        more_text=("Review Title",),
        roles=(
            ("date", ("Review Last Update Millis Since Epoch", "Review Submit Millis Since Epoch")),
            ("rating", ("Star Rating",)),
            ("language", ("Reviewer Language",)),
        ),
        segments=("App Version Name", "Device", "Package Name"),
    ),
    _Export(
        "App Store Connect reviews",
        signs=("Reviewer Nickname", "Territory", "Body", "Rating"),
        text=("Body",),
        more_text=("Title",),
        roles=(
            ("id", ("Id", "Review Id")),
            ("date", ("Created Date",)),
            ("rating", ("Rating",)),
            ("author", ("Reviewer Nickname",)),
        ),
        segments=("Territory", "App Version"),
    ),
    _Export(
        "Zendesk tickets",
        signs=("Summation column", "Requester", "Subject", "Satisfaction Score"),
        text=("Description", "Subject"),
        more_text=("Subject",),
        roles=(
            ("id", ("Id",)),
            ("date", ("Created at",)),
            ("author", ("Requester id", "Requester email", "Requester")),
            ("account", ("Organization",)),
            ("channel", ("Via",)),
        ),
        labels=("Tags",),
        multi=("Tags",),
        segments=("Priority", "Status", "Ticket type", "Group", "Satisfaction Score"),
    ),
    _Export(
        "Intercom conversations",
        signs=("message_body", "message_author_id", "conversation_id"),
        text=("message_body",),
        roles=(
            ("id", ("message_id",)),
            ("date", ("message_created_at",)),
            ("author", ("message_author_id",)),
            ("account", ("message_author_companies",)),
        ),
        labels=("conversation_tags",),
        multi=("conversation_tags",),
        segments=("message_author_type", "message_type", "conversation_state", "app_name"),
    ),
    _Export(
        "Canny posts",
        signs=("Title", "Details", "Votes", "Board"),
        text=("Details",),
        more_text=("Title",),
        roles=(
            ("id", ("Post ID", "ID", "URL")),
            ("date", ("Created", "Created At", "Date")),
            ("author", ("Author ID", "Author Email", "Author Name", "Author")),
        ),
        labels=("Category", "Tags"),
        multi=("Tags",),
        segments=("Board", "Status"),
        numbers=("Votes", "Score", "MRR"),
    ),
    _Export(
        "Productboard notes",
        signs=("Note title", "Note text"),
        text=("Note text",),
        more_text=("Note title",),
        roles=(
            ("id", ("Note ID", "ID")),
            ("date", ("Created at", "Created date", "Created")),
            ("author", ("User email", "Customer email", "User")),
            ("account", ("Company name", "Company", "Company domain")),
            ("channel", ("Source", "Origin")),
        ),
        labels=("Tags",),
        multi=("Tags",),
        segments=("State", "Owner team"),
    ),
    _Export(
        "Trustpilot reviews",
        signs=("Review Created (UTC)", "Review Content", "Review Stars"),
        text=("Review Content",),
        more_text=("Review Title",),
        roles=(
            ("id", ("Review Id", "Review ID")),
            ("date", ("Review Created (UTC)",)),
            ("rating", ("Review Stars",)),
            ("author", ("Review Consumer User Id", "Review User Id", "Review Username")),
            ("channel", ("Source Of Review",)),
            ("language", ("Review Language",)),
        ),
        labels=("Tags",),
        multi=("Tags",),
        segments=("Location Name", "Domain Url", "Webshop Name"),
    ),
    _Export(
        "G2 reviews",
        signs=("What do you like best?", "What do you dislike?"),
        text=("What do you like best?",),
        more_text=(
            "Title",
            "What do you dislike?",
            "What problems is the product solving and how is that benefiting you?",
        ),
        roles=(
            ("id", ("Review ID", "ID")),
            ("date", ("Submitted At", "Published At", "Date")),
            ("rating", ("Star Rating", "Rating")),
            ("author", ("Reviewer Email", "Reviewer Name", "Reviewer")),
            ("account", ("Company Name", "Company")),
        ),
        segments=("Company Size", "Industry", "Region", "Country", "Role"),
    ),
)


def find_preset(header: Sequence[str]) -> Preset | None:
    """The known export with this header. Upper case, spaces, "_" and the order of columns do not matter."""
    held = {_key(name): name for name in header}
    for export in _EXPORTS:
        if all(_key(sign) in held for sign in export.signs):
            return Preset(export.name, _columns(export, held))
    return None


def source_of(header: Sequence[str]) -> str:
    """The product that an export comes from, "" when it is not known."""
    preset, survey = find_preset(header), find_survey(header)
    return preset.name if preset else survey.name if survey else ""


@dataclass(frozen=True)
class Survey:
    """Answers to a survey: the questions name the other columns, so these are told by their contents."""

    name: str
    roles: Mapping[str, str]  # role -> column
    others: tuple[str, ...]  # columns about the answering, never feedback


def find_survey(header: Sequence[str]) -> Survey | None:
    held = {_key(name): name for name in header}
    for name, signs, roles in _SURVEYS:
        if any({_key(sign) for sign in group} <= held.keys() for group in signs):
            return _survey(name, roles, held)
    if header and header[0].strip().casefold() in _FORM_TIMES:
        return _survey("Google Forms", (("date", (header[0],)), _EMAIL), held)
    return None


def _survey(name: str, roles: Sequence[tuple[str, Sequence[str]]], held: Mapping[str, str]) -> Survey:
    found: dict[str, str] = {}
    for role, names in roles:
        column = next((held[_key(name)] for name in names if _key(name) in held), None)
        if column is not None:
            found[role] = column
    others = tuple(held[key] for key in map(_key, _ABOUT_ANSWERING) if key in held)
    return Survey(name, found, others)


_EMAIL = ("author", ("Email Address", "Email", "E-Mail-Adresse", "Username", "Adresse e-mail"))
_SURVEYS = (
    (
        "SurveyMonkey",
        (("Respondent ID", "Collector ID"),),
        (("id", ("Respondent ID",)), ("date", ("End Date", "Start Date")), _EMAIL),
    ),
    (
        "Typeform",
        (("Start Date (UTC)", "Submit Date (UTC)", "Network ID"), ("#", "Submitted At", "Token")),
        (("id", ("Token", "#")), ("date", ("Submit Date (UTC)", "Submitted At", "Start Date (UTC)")), _EMAIL),
    ),
)
_ABOUT_ANSWERING = (
    "#", "Token", "Network ID", "Response Type", "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)",
    "Submitted At", "Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "First Name",
    "Last Name", "Custom Data 1", "Email Address", "Username", "Ending",
)  # fmt: skip
_FORM_TIMES = frozenset(
    (
        "timestamp", "zeitstempel", "horodateur", "marca temporal", "carimbo de data/hora", "tijdstempel",
        "informazioni cronologiche", "sygnatura czasowa", "отметка времени", "zaman damgası", "时间戳记",
        "タイムスタンプ", "타임스탬프",
    )
)  # fmt: skip


def _key(name: str) -> str:
    return " ".join(words(name)) or name.strip()


def _columns(export: _Export, held: Mapping[str, str]) -> Columns:
    free = dict(held)

    def take(names: Sequence[str], most: int = 99) -> tuple[str, ...]:
        keys = [key for key in map(_key, names) if key in free][:most]
        return tuple(free.pop(key) for key in keys)

    text = take(export.text, 1)
    more_text = take(export.more_text)
    roles = {role: next(iter(take(names, 1)), None) for role, names in export.roles}
    labels, segments, numbers = take(export.labels), take(export.segments), take(export.numbers)
    multi = {_key(name) for name in export.multi}
    return Columns(
        text=text[0],
        more_text=more_text,
        label=labels[0] if labels else None,
        more_labels=labels[1:],
        multi=tuple(name for name in labels if _key(name) in multi),
        segments=segments,
        numbers=numbers,
        **roles,
    )
