"""Texts as rows of word numbers, and which words must not differ between two texts that say the same."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.ingest.text_array import TYPE

READ = 4_000  # characters of a long text that are compared word by word; the rest must be equal
# A word fewer or more of these turns what is said around.
_NEGATIONS = (
    "not no non never none nothing nobody nowhere neither nor without cannot cant wont dont doesnt "
    "didnt isnt arent wasnt werent hasnt havent hadnt couldnt wouldnt shouldnt mustnt neednt aint dnt "
    "barely hardly unable instead except unless until before after only again still stop stopped almost "
    "nicht kein keine keinen keiner keines nie niemals nichts ohne weder pas jamais rien sans ni aucun "
    "aucune nunca nada sin tampoco ningun ninguna ninguno jamas nao não nem sem nenhum nenhuma mai "
    "niente senza nessuno nessuna niet geen nooit zonder bez brak inte aldrig ingen ikke aldri ej не "
    "нет ни никогда без нельзя değil yok hayır asla لا لم لن ليس بدون غير לא אין בלי नहीं ना मत tidak "
    "bukan tanpa jangan không chưa chẳng"
)
_POLARITY = (
    "good bad great terrible awful horrible love loved hate hated like dislike best worst better worse "
    "fast slow easy hard difficult happy unhappy more less always free paid all old new on off up down "
    "yes gut schlecht gute schlechte bon mauvais bien mal bueno malo buena mala bom ruim хорошо плохо"
)
_NUMBERS = (
    "one two three four five six seven eight nine ten hundred thousand half double twice once first "
    "second third eins zwei drei vier fünf deux trois quatre cinq dos tres cuatro cinco"
)
_TURNING = frozenset(f"{_NEGATIONS} {_POLARITY} {_NUMBERS}".split())
_TURNING_SIGNS = (
    "不没沒無无未非莫勿别別難难坏差少慢贵貴错錯假退なぬんず않없못안아니一二三四五六七八九十百千万两半几"
)
_DECISIVE = re.compile(rf"[\d{_TURNING_SIGNS}]")
# A short text with one of these more or less says what it said before.
_LIGHT_WORDS = (
    "a an the my your our his her its their this that these those it is are was were be been am i me we "
    "you he she they them to of in at for with from by and so very really just too also well please "
    "plz pls thanks thank thx ty hi hello hey dear guys sir team ok okay lol omg wow ugh oh hmm yeah "
    "even ever any some all anymore yet now already totally absolutely completely literally actually "
    "honestly seriously possibly rt der die das den dem ein eine einen ich wir ihr bitte danke sehr "
    "ganz und auch doch mal el la los las un una unos te se lo le yo mi tu su por favor gracias muy y "
    "que de es les des du une je il elle mon ma mes votre notre merci svp très tres et ce cette est o "
    "os as um uma eu meu minha seu sua obrigado obrigada muito e é gli uno mio mia grazie molto"
)
_LIGHT_SIGNS = "的了也吧啊呢哦呀哈嘛很挺还都就真是我你他她们个这那把给请谢はがをにでもねよ"
_LIGHT = frozenset((*_LIGHT_WORDS.split(), *_LIGHT_SIGNS))

_URL = r"(?:https?://|www\.)\S+"
_APOSTROPHE = r"(\pL)['’ʼ`´](\pL)"
_SIGN = r"([\p{Han}\p{Hiragana}\p{Katakana}])"  # written without blanks: each is a word of its own
_NO_WORD = r"[^\pL\pN\pM]+"


@dataclass(frozen=True, eq=False)
class Words:
    """Words of row i: `numbers[offsets[i]:offsets[i + 1]]`, indexes of `known`."""

    numbers: np.ndarray  # int64
    offsets: np.ndarray  # int64, one more than rows
    known: list[str]
    signs: np.ndarray  # bool a known word: a character of a script without blanks

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.offsets)

    def row(self, row: int) -> np.ndarray:
        return self.numbers[self.offsets[row] : self.offsets[row + 1]]

    def light(self) -> np.ndarray:
        """bool a known word."""
        return np.array([word in _LIGHT for word in self.known], dtype=bool)

    def decisive(self) -> np.ndarray:
        """bool a known word."""
        return np.array([word in _TURNING or bool(_DECISIVE.search(word)) for word in self.known], dtype=bool)


def read_words(texts: Sequence[str]) -> Words:
    """Case, accents' spelling, punctuation and links make no other word."""
    array = pa.array([text if len(text) <= READ else _cut(text) for text in texts], TYPE)
    array = pc.utf8_lower(pc.utf8_normalize(array, form="NFKC"))
    array = pc.replace_substring_regex(array, _URL, " ")
    array = pc.replace_substring_regex(array, _APOSTROPHE, r"\1\2")
    array = pc.replace_substring_regex(array, _SIGN, r" \1 ")
    array = pc.utf8_trim_whitespace(pc.replace_substring_regex(array, _NO_WORD, " "))
    lists = pc.split_pattern(array, " ")
    coded = pc.dictionary_encode(lists.values)
    known = [str(word) for word in coded.dictionary.to_pylist()]
    numbers = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    offsets = np.asarray(lists.offsets).astype(np.int64)
    if "" in known:  # what a text without words is split into
        empty = known.index("")
        kept = numbers != empty
        before = np.concatenate([[0], np.cumsum(kept)])
        numbers, offsets = numbers[kept], before[offsets]
    signs = np.array([len(word) == 1 and bool(_CJK.match(word)) for word in known], dtype=bool)
    return Words(numbers, offsets, known, signs)


def _cut(text: str) -> str:
    """The beginning, and one word that stands for the rest."""
    return f"{text[:READ]} {hashlib.sha256(text[READ:].encode()).hexdigest()}"


_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def row_sums(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Sums modulo 2**64, 0 for an empty row."""
    sums = np.concatenate([[np.uint64(0)], np.cumsum(values, dtype=np.uint64)])
    return sums[offsets[1:]] - sums[offsets[:-1]]


def distinct(values: np.ndarray) -> np.ndarray:
    """Sorted; far quicker than np.unique for millions of integers, which hashes them first."""
    ordered = np.sort(values)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered
