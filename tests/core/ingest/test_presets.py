import pandas as pd
import pytest

from core.ingest.columns import check_columns, guess_columns
from core.ingest.presets import find_preset, find_survey, source_of

PLAY = (
    "Package Name,App Version Code,App Version Name,Reviewer Language,Device,Review Submit Date and Time,"
    "Review Submit Millis Since Epoch,Review Last Update Date and Time,Review Last Update Millis Since Epoch,"
    "Star Rating,Review Title,Review Text,Developer Reply Date and Time,Developer Reply Millis Since Epoch,"
    "Developer Reply Text,Review Link"
)
ZENDESK = (
    "Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,"
    "Submitter,Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Assigned at,"
    "Organization,Due date,Initially assigned at,Solved at,Resolution time,Satisfaction Score,Group stations"
)
INTERCOM = (
    "message_id,message_body,message_type,message_created_at,message_author_type,message_author_id,"
    "message_author_user_id,message_author_name,message_author_email,message_author_companies,conversation_tags,"
    "conversation_id,conversation_state,conversation_created_at,app_id,app_name"
)
TRUSTPILOT = (
    "Review Id,Review Created (UTC),Review Username,Review Title,Review Content,Review Stars,Domain Url"
)


@pytest.mark.parametrize(
    ("header", "name", "wanted"),
    [
        (
            PLAY,
            "Google Play Console reviews",
            {
                "text": "Review Text",
                "more_text": ("Review Title",),
                "rating": "Star Rating",
                "date": "Review Last Update Millis Since Epoch",
                "language": "Reviewer Language",
            },
        ),
        (
            ZENDESK,
            "Zendesk tickets",
            {"text": "Subject", "more_text": (), "id": "Id", "author": "Requester id", "multi": ("Tags",)},
        ),
        (
            INTERCOM,
            "Intercom conversations",
            {"text": "message_body", "id": "message_id", "label": "conversation_tags", "channel": None},
        ),
        (
            TRUSTPILOT,
            "Trustpilot reviews",
            {
                "text": "Review Content",
                "rating": "Review Stars",
                "author": "Review Username",
                "id": "Review Id",
            },
        ),
        (
            "id,rating,title,body,reviewerNickname,createdDate,territory",
            "App Store Connect reviews",
            {
                "text": "body",
                "more_text": ("title",),
                "author": "reviewerNickname",
                "segments": ("territory",),
            },
        ),
        (
            "Title,Details,Board,Category,Tags,Status,Votes,Author Name,Author Email,Created",
            "Canny posts",
            {"text": "Details", "more_labels": ("Tags",), "numbers": ("Votes",), "author": "Author Email"},
        ),
        (
            "Note title,Note text,Tags,User email,Company name,Source,Created at",
            "Productboard notes",
            {"text": "Note text", "more_text": ("Note title",), "account": "Company name"},
        ),
        (
            "Title,What do you like best?,What do you dislike?,Star Rating,Company Size",
            "G2 reviews",
            {"text": "What do you like best?", "more_text": ("Title", "What do you dislike?")},
        ),
    ],
)
def test_known_exports(header, name, wanted):
    names = header.split(",")
    for order in (names, names[::-1]):
        preset = find_preset(order)
        assert preset.name == name == source_of(order)
        assert {role: getattr(preset.columns, role) for role in wanted} == wanted
        check_columns(pd.DataFrame([["x"] * len(names)], columns=names, dtype="str"), preset.columns)


def test_the_guess_follows_a_preset():
    frame = pd.DataFrame([["x"] * 16], columns=PLAY.split(","), dtype="str")
    assert guess_columns(frame) == find_preset(PLAY.split(",")).columns


@pytest.mark.parametrize("header", [(), ("id", "text"), ("Title", "Details"), ("comment", "topic", "date")])
def test_other_headers_are_no_preset(header):
    assert find_preset(header) is None
    assert source_of(header) == ""


SURVEYS = {
    "Typeform": ["#", "How likely are you to recommend us?", "What should we change?", "Start Date (UTC)"]
    + ["Submit Date (UTC)", "Network ID"],
    "SurveyMonkey": ["Respondent ID", "Collector ID", "Start Date", "End Date", "Email Address"]
    + ["What should we change?", "Which plan do you use?"],
    "Google Forms": ["Timestamp", "Email Address", "What should we change?", "Which plan do you use?"],
}


@pytest.mark.parametrize(("name", "header"), SURVEYS.items())
def test_surveys_are_known_and_their_questions_told_by_contents(name, header):
    assert source_of(header) == name
    made = {
        "What should we change?": [f"please make the search number {i} faster" for i in range(40)],
        "How likely are you to recommend us?": [str(i % 11) for i in range(40)],
        "Which plan do you use?": ["free", "pro"] * 20,
        "Email Address": [f"u{i}@a.example" for i in range(40)],
    }
    frame = pd.DataFrame(
        {
            column: made.get(column, [f"2024-01-{1 + i % 28:02d} 10:00:00" for i in range(40)])
            if "ID" not in column and column != "#"
            else [f"{i}a" for i in range(40)]
            for column in header
        },
        dtype="str",
    )
    found = guess_columns(frame)
    assert found.text == "What should we change?"
    asked = "How likely are you to recommend us?"
    assert found.rating == (asked if asked in header else None)
    assert found.date == find_survey(header).roles["date"]
    assert found.author == ("Email Address" if "Email Address" in header else None)
    assert "Which plan do you use?" not in header or found.segments == ("Which plan do you use?",)
