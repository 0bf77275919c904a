"""Turns a drawn row into a comment with a rating."""

import random

from stock import Deck, Section, join, normalised, read_sections, spin, typo
from world import ACCESS, AI, BILLING, NOTIFICATIONS, RELEASE, REPORTING, SPEED, Row

FILES = {
    AI: "ai",
    REPORTING: "reporting",
    NOTIFICATIONS: "notifications",
    ACCESS: "access",
    BILLING: "billing",
    SPEED: "speed",
}
REGIONS = {  # where a language is written
    "de": {"Europe"},
    "fr": {"Europe"},
    "es": {"Latin America", "Europe"},
    "pt": {"Latin America"},
    "ja": {"Asia Pacific"},
}
TONES = {  # bad, wish, good
    "app review": (50, 13, 37),
    "support ticket": (76, 21, 3),
    "survey": (42, 34, 24),
}
GOOD_TILT = {AI: 1.7, REPORTING: 1.1, NOTIFICATIONS: 0.8, ACCESS: 0.9, BILLING: 0.7, SPEED: 0.8}
RATINGS = {"bad": (45, 37, 15, 3, 0), "wish": (2, 8, 42, 37, 11), "good": (0, 0, 5, 36, 59)}
RATED = {"app review": 1.0, "support ticket": 0.45, "survey": 0.9, "sales note": 0.0}
MARKS = {"+": "good", "?": "wish"}  # before a line of languages.txt; none: bad
ASIDE, CONTEXT, VAGUE = 0.05, 0.07, 0.4  # VAGUE: how often a vague line comes, against a plain one
ASKING = {"Please", "Could", "Can", "Is", "I", "I'd", "We", "We'd", "It", "Would"}
EMOJI = {"bad": ("😡", "🙄", "😩", "👎", "😤"), "wish": ("🙏", "🙂"), "good": ("👍", "🎉", "😍", "❤️")}


class Composer:
    def __init__(self, rng: random.Random):
        self.rng = rng
        self.deck = Deck(rng)
        self.sections = {topic: read_sections(name) for topic, name in FILES.items()}
        self.frames = {section.tone: section.cores for section in read_sections("frames")}
        self.seen: set[str] = set()

    def write_all(self, rows: list[Row]) -> None:
        self.place_languages(rows)
        self.place_specials(rows)
        for row in rows:
            if not row.comment:
                self.write(row)

    def place_languages(self, rows: list[Row]) -> None:
        """Every foreign comment goes to a row of its topic from a region that speaks it."""
        topics = {name: topic for topic, name in FILES.items()}
        for section in read_sections("languages"):
            language, topic = section.tone, topics[section.name]
            homes = [row for row in rows if not row.comment and self.fits_language(row, language, topic)]
            for line, row in zip(section.cores, self.rng.sample(homes, len(section.cores)), strict=True):
                mark, _, rest = line.partition(" ")
                tone = MARKS.get(mark, "bad")
                self.finish(row, rest if mark in MARKS else line, tone, language)

    def fits_language(self, row: Row, language: str, topic: str) -> bool:
        spoken = row.account.region in REGIONS[language] and row.channel != "sales note"
        late_enough = topic != NOTIFICATIONS or row.date >= RELEASE
        return row.topic == topic and spoken and late_enough

    def place_specials(self, rows: list[Row]) -> None:
        """Each once: comments that begin with "=" or "-", and the long ones."""
        for topic, sections in self.sections.items():
            lines = [line for section in sections if section.tone == "special" for line in section.cores]
            self.place(rows, topic, lines, "bad", {"survey"})
        topics = {name: topic for topic, name in FILES.items()}
        for section in read_sections("long"):
            channels = {"app review"} if section.tone == "good" else {"support ticket"}
            self.place(rows, topics[section.name], section.cores, section.tone, channels)

    def place(self, rows: list[Row], topic: str, lines: list[str], tone: str, channels: set[str]) -> None:
        homes = [
            row
            for row in rows
            if row.topic == topic
            and not row.comment
            and row.channel in channels
            and row.account.plan != "Free"
        ]
        for line, row in zip(lines, self.rng.sample(homes, len(lines)), strict=True):
            self.finish(row, line, tone)

    def write(self, row: Row) -> None:
        """Draw texts until one is new."""
        for _ in range(200):
            text, tone = self.sales_note(row) if row.channel == "sales note" else self.comment(row)
            if normalised(text) not in self.seen:
                return self.finish(row, text, tone)
        raise RuntimeError(f"The stock for {row.topic} is too small.")

    def finish(self, row: Row, text: str, tone: str, language: str = "en") -> None:
        row.comment, row.language = text, language
        self.seen.add(normalised(text))
        if self.rng.random() < RATED[row.channel]:
            row.rating = self.rng.choices(range(1, 6), RATINGS[tone])[0]
            angry = row.topic == BILLING or row.topic == NOTIFICATIONS and row.date >= RELEASE
            if tone == "bad" and angry and self.rng.random() < 0.4:
                row.rating = max(1, row.rating - 1)

    # ---- one comment ----------------------------------------------------------------------

    def sales_note(self, row: Row) -> tuple[str, str]:
        core = self.sentence(self.choose_section(row, "sales").cores)
        named = core.split()[0].rstrip(".:") in {"Renewal", "QBR", "Angry", "Champion", "Demo"}
        opening = "" if named else self.maybe(0.3, "sales-open")
        text = join([opening, core, self.maybe(0.5, "sales-close")])
        return text.replace("{author}", self.rng.choice(row.account.authors).split()[0]), "wish"

    def comment(self, row: Row) -> tuple[str, str]:
        tone = self.choose_tone(row)
        section = self.choose_section(row, tone)
        if section.name == "short":
            return self.roughen(self.sentence(section.cores), row.channel, tone), tone
        body = self.body(row, section)
        text = join(self.framed(row, section, body))
        text = text.replace("{author}", row.author.split()[0])
        return self.roughen(text, row.channel, tone), tone

    def body(self, row: Row, section: Section) -> list[str]:
        parts = [self.sentence(section.cores)]
        if section.follows and self.rng.random() < 0.62:
            parts.append(self.sentence(section.follows))
            if row.channel == "support ticket" and self.rng.random() < 0.3:
                parts.append(self.sentence(section.follows))
        if self.rng.random() < ASIDE:
            other = self.rng.choice([topic for topic in FILES if topic != row.topic])
            asides = next(part for part in self.sections[other] if part.tone == "aside")
            parts.append(self.sentence(asides.cores))
        return list(dict.fromkeys(parts))

    def framed(self, row: Row, section: Section, body: list[str]) -> list[str]:
        """Opening, some context, the body and a closing, as people write in this channel."""
        tone, vague = section.tone, section.name == "vague"
        ending = "billing" if row.topic == BILLING and tone == "bad" else tone
        context = "" if row.account.plan == "Free" else self.maybe(CONTEXT, f"context-{tone}")
        if row.channel == "support ticket":
            return [self.greeting(), context, *body, self.farewell(ending)]
        if row.channel == "app review":
            opening = "" if vague else self.maybe(0.25, f"review-open-{tone}")
            context = "" if opening.endswith("but") else context
            return [opening, context, *body, self.maybe(0.2, f"review-close-{ending}")]
        asks = tone == "wish" and body[0].split()[0] in ASKING
        return ["" if vague or asks else self.maybe(0.2, f"survey-open-{tone}"), *body]

    def greeting(self) -> str:
        opening = self.maybe(0.5, "ticket-open")
        return opening + ("\n" if opening.endswith(",") else "")

    def farewell(self, ending: str) -> str:
        closing = self.maybe(0.45, f"ticket-close-{ending}")
        own_line = "{author}" in closing or closing and self.rng.random() < 0.15
        return "\n" + closing if own_line else closing

    def choose_tone(self, row: Row) -> str:
        bad, wish, good = TONES[row.channel]
        weights = {"bad": bad, "wish": wish, "good": good * GOOD_TILT[row.topic]}
        possible = [tone for tone in weights if self.open_sections(row, tone)]
        return self.rng.choices(possible, [weights[tone] for tone in possible])[0]

    def open_sections(self, row: Row, tone: str) -> list[Section]:
        return [part for part in self.sections[row.topic] if part.tone == tone and self.allowed(part, row)]

    def choose_section(self, row: Row, tone: str) -> Section:
        open_sections = self.open_sections(row, tone)
        return self.rng.choices(open_sections, [self.weight(part) for part in open_sections])[0]

    def weight(self, section: Section) -> float:
        fresh = 2 if "since" in section.limits else 1
        return len(section.cores) * fresh * (VAGUE if section.name == "vague" else 1)

    def allowed(self, section: Section, row: Row) -> bool:
        limits = section.limits
        if "plans" in limits and row.account.plan not in limits["plans"].split(","):
            return False
        if "since" in limits and row.date < RELEASE or "until" in limits and row.date >= RELEASE:
            return False
        return section.name != "short" or row.channel in {"app review", "survey"}

    # ---- words ----------------------------------------------------------------------------

    def sentence(self, sentences: list[str]) -> str:
        return spin(self.rng, self.deck.deal(sentences))

    def maybe(self, chance: float, frame: str) -> str:
        return self.sentence(self.frames[frame]) if self.rng.random() < chance else ""

    def roughen(self, text: str, channel: str, tone: str) -> str:
        """Small letters, lost full stops, slips and emoji, mostly where people type on a phone."""
        quick = channel != "support ticket"
        if self.rng.random() < (0.13 if quick else 0.04):
            text = text.lower()
        if quick and self.rng.random() < 0.25:
            text = text.removesuffix(".")
        if self.rng.random() < 0.07:
            text = typo(self.rng, text)
        if quick and self.rng.random() < 0.07:
            text += " " + self.rng.choice(EMOJI[tone])
        return text
