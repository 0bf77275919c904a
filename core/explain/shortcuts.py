"""Right for the wrong reason? Names, dates, greetings and the like among what drives a label."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from core.explain.drivers import Driver, key

LEAST = 0.01  # one point of confidence on average; below, a word decides nothing
NAMED = 0.8  # share of its places inside sentences at which a name begins with a capital letter
FEWEST_CAPITALS = 2
CAPITALS_EVERYWHERE = 0.3  # of all words inside sentences; then capitals say nothing (German nouns, titles)
SHORTEST_PART = 4  # letters of a word of a longer value, such as "Acme" of "Acme Ltd"
VALUE, MASK, HANDLE, LINK, DATE, GREETING, DEVICE, CODE, NAME = (
    "value", "mask", "handle", "link", "date", "greeting", "device", "code", "name",
)  # fmt: skip

ACCOUNT = "Account"

_OUTER = "\"'“”‘’([{.,;:!?)]}*_-"
_CLOSING = "\"'”’)]}*_"
_ENDS = (".", "!", "?", "…", ":")  # of a sentence

_I = re.compile(r".|i['’]\w+")  # "I" and "I'm" are no names

_DATE = re.compile(
    r"(jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec)|"
    r"(january|february|march|april|june|july|august|september|october|november|december)|"
    r"((mon|tues|wednes|thurs|fri|satur|sun)day)|today|yesterday|tomorrow|tonight|"
    r"(januar|februar|märz|april|mai|juni|juli|oktober|dezember|(mon|diens|donners|frei|sams|sonn)tag)|"
    r"(janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre)|"
    r"(lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)|"
    r"(enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)|"
    r"(lunes|martes|miércoles|jueves|viernes|sábado|domingo)|"
    r"(19|20)\d\d|\d{1,2}(?P<mark>[./-])\d{1,2}(?P=mark)(\d\d)?\d\d|\d{4}([/-])\d{1,2}[/-]\d{1,2}|\d{1,2}/\d{1,2}|\d{1,2}(st|nd|rd|th)|\d{1,2}:\d\d(:\d\d)?|"
    r"\d{1,2}(:\d\d)?[ap]m"
)
_GREETING = re.compile(
    "hi|hello|hey|dear|greetings|thanks?|thx|ty|cheers|regards|sincerely|kindly|please|sorry|"
    "hallo|liebe[r]?|gr(ü|u)(ß|ss)e?|danke|bitte|bonjour|salut|merci|cordialement|hola|gracias|saludos|"
    "olá|obrigad[oa]|ciao|grazie|您好|你好|谢谢|こんにちは|ありがとう|안녕하세요|감사합니다|مرحبا|شكرا"
)
_DEVICE = re.compile(
    r"(iphone|ipad|ipod|imac|macbook|mac|pc|laptop|tablet|phone|android|ios|ipados|macos|windows|linux|ubuntu|"
    r"samsung|galaxy|pixel|huawei|xiaomi|redmi|oneplus|nokia|motorola|moto|nexus|kindle|"
    r"chrome|safari|firefox|edge|opera)(s|['’]s)?[\d.]*|"
    r"(v\d+(\.\d+){0,4}|\d+(\.\d+){2,4})([-+][\w.]+)?|[a-z]{2}-[a-z]\d{3,4}[a-z]{0,2}|(build|version|ver)[\d.]*"
)
_LINK = re.compile(r"(https?:|www\.).*|[\w-]+(\.[\w-]+)*\.(com|org|net|io|co|de|fr|uk|app)(/.*)?")
_CODE = re.compile(r"#?\d{4,}|(?=.*\d)(?=.*[a-z])[\da-z_-]{6,}")
_MASK = re.compile(r"\[[^\[\]]+\]")
_HANDLE = re.compile(r"@\w+")

_SAID = {
    VALUE: "is a value of “{column}”",
    MASK: "stands for personal data that was taken out",
    HANDLE: "is somebody's account name",
    LINK: "is a link",
    DATE: "is a date or time",
    GREETING: "is a greeting or a courtesy",
    DEVICE: "names a device, a browser or a version",
    CODE: "is a number or a code",
    NAME: "looks like a name",
}


@dataclass(frozen=True)
class Shortcut:
    driver: Driver
    kind: str
    words: str  # for the person
    column: str = ""  # of the value


def shortcuts(
    found: Sequence[Driver],
    texts: Sequence[str],
    values: Mapping[str, Collection[str]] | None = None,
    names: Collection[str] | None = None,
) -> tuple[Shortcut, ...]:
    """Drivers that move the confidence for a reason that may have nothing to do with the label.

    `texts`: of the dataset, to tell names by their capitals, unless `named` told them before; `values`: by
    column, of accounts and segments.
    """
    names = named(texts) if names is None else names
    known = _values(values or {}, names)
    made = []
    for driver in found:
        kind, column = _kind(driver.words, known, names)
        if kind and driver.clear and abs(driver.effect.mid) >= LEAST:
            made.append(Shortcut(driver, kind, _words(driver, kind, column), column))
    return tuple(sorted(made, key=lambda shortcut: -abs(shortcut.driver.effect.mid)))


def _words(driver: Driver, kind: str, column: str) -> str:
    return (
        f"“{driver.words[:60]}” {reason(kind, column)}. It moves the confidence by "
        f"{100 * driver.effect.mid:+.1f} points in {driver.effect.n:,} comments. If it is no reason for the "
        "label, train without this word."
    ).replace(" -", " \N{MINUS SIGN}")


def reason(kind: str, column: str = "") -> str:
    """Why a word is suspicious, as the end of a sentence that begins with the word."""
    return _SAID[kind].format(column=column)


def _kind(words: str, known: Mapping[str, str], names: Collection[str]) -> tuple[str, str]:
    """(kind, column of a value); of a phrase, that of all of it or else of its first suspicious word."""
    for part in dict.fromkeys((words, *words.split(" "))):
        if part in known:
            return VALUE, known[part]
        for kind, fits in _TESTS.items():
            if fits(part):
                return kind, ""
        if part in names:
            return NAME, ""
    return "", ""


_TESTS: dict[str, Callable[[str], object]] = {
    MASK: _MASK.fullmatch,
    HANDLE: _HANDLE.fullmatch,
    LINK: _LINK.fullmatch,
    DATE: _DATE.fullmatch,
    GREETING: _GREETING.fullmatch,
    DEVICE: _DEVICE.fullmatch,
    CODE: _CODE.fullmatch,
}


def _values(values: Mapping[str, Collection[str]], names: Collection[str]) -> dict[str, str]:
    """From a whole value to its column, and from a longer word of one: of an account any, of other columns
    a name, since values such as "Late flight" are made of words that may well be the reason."""
    known: dict[str, str] = {}
    for column, each in values.items():
        for value in each:
            parts = [key(word) for word in value.split()]
            known.setdefault(" ".join(parts), column)
            for part in parts:
                if len(part) >= SHORTEST_PART and (column == ACCOUNT or part in names):
                    known.setdefault(part, column)
    known.pop("", None)
    return known


def named(texts: Sequence[str]) -> frozenset[str]:
    """Words that nearly always begin with a capital letter inside a sentence, and are not all capitals."""
    seen = Counter(word for text in texts for word in _inside(text))
    places, capitals = Counter(), Counter()
    for word, count in seen.items():
        places[key(word)] += count
        bare = word.strip(_OUTER)
        if bare[:1].isupper() and not (len(bare) > 1 and bare.isupper()):
            capitals[key(word)] += count
    if capitals.total() > CAPITALS_EVERYWHERE * places.total():
        return frozenset()
    return frozenset(
        word
        for word, count in capitals.items()
        if count >= FEWEST_CAPITALS and count >= NAMED * places[word] and not _I.fullmatch(word)
    )


def _inside(text: str) -> list[str]:
    """The words that do not begin a sentence or a line."""
    found = []
    for line in text.splitlines():
        words = line.split()
        found += [
            word
            for before, word in zip(words, words[1:], strict=False)
            if before.rstrip(_CLOSING)[-1:] not in _ENDS and any(character.isalpha() for character in before)
        ]
    return found
