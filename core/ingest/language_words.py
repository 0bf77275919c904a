"""Words that tell English from its neighbours, as RE2 patterns over whole columns.

A comment with a word that only English has, another English word and no word of another language is
English: the model says so too for 999 of 1,000 of them, at many times the cost.
"""

import re

_ENGLISH_ALONE = """
about again am an and any anything anyone are aren't because been before being can't cannot can’t could
couldn't didn't didnt doesn't doesnt don't dont don’t each every everything everyone from gets getting got
had hasn't haven't having he's how i'd i'll i'm i've im into isn't it's it’s i’m itself just keeps know like
likes love loves made makes making me much my myself need needs never nothing only other our please really
she should shouldn't since some something still than thank thanks that that's the their them then there
there's these they they're think this those through too trying until using very want wanted wants was wasn't
were what what's when where which while who why wish with won't wont work worked working works would
wouldn't yet you you're you've your yours
"""
_SHARED = """
after all also as at but by can do does for get give good great has have help hold hours if in is it its
make more most new not now of off on or out over see so to up update us use used was we well when will without
"""
_OTHERS = """
der das und ist nicht ich wir mit auf von zu dem ein eine sie aber auch wenn oder nur noch danke bitte
le la les des est et pas je une dans pour que qui avec sur mais ce vous nous merci
el los las es un una por con para pero muy del se lo su y mi nadie
os um uma com mais isso foi ao na da não obrigado
il che di non per sono gli della ma mi ho grazie
de het een van niet dat zijn voor ik er maar ook bij
och att det som inte har jeg og ikke er til av med jag
nie jest ale jak ze bardzo
bir ve bu icin cok ama
yang dan tidak ini itu di ke untuk saya dengan
ang ng sa mga ako hindi
nu este si cu pe sunt ca
az hogy nem egy van
ei ja se kun
je su za ali ne
hai ka ki nahi mein
"""  # those that stand in English sentences send them to the model, no more


def _any(*lists: str) -> str:
    words = {word for words in lists for word in words.split()}
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_ONE = rf"(?:^|\s)(?:{_any(_ENGLISH_ALONE)})\b"
_TWO = rf"(?:^|\s)(?:{_any(_ENGLISH_ALONE, _SHARED)})\b"
ENGLISH = rf"(?is)(?:{_ONE}.*{_TWO}|{_TWO}.*{_ONE}|(?:{_TWO}.*){{4}})"
# Letters outside ASCII stand apart from the flag (?i), under which ſ and the Kelvin sign are s and k.
FOREIGN = (
    rf"(?i:(?:^|\s)(?:{_any(_OTHERS)}))(?:[^\pL\pN'_-]|$)"
    r"|[\x{C0}-\x{1FFF}\x{2C00}-\x{2DFF}\x{3040}-\x{D7FF}\x{F900}-\x{FDFF}]"
)
