import hashlib
import hmac

from core.ingest.pseudonyms import PSEUDONYM, account_key, account_pseudonym, pseudonym


def test_spelling_makes_no_other_person():
    expected = hmac.new(b"key", b"zo\xc3\xab li", hashlib.sha256).hexdigest()[:12]
    assert {pseudonym(name, b"key") for name in ("Zoë Li", " ZOË LI ", "@zoë li")} == {expected}
    assert PSEUDONYM.fullmatch(expected)


def test_another_secret_makes_another_pseudonym_and_nobody_has_none():
    assert pseudonym("Zoë", b"one") != pseudonym("Zoë", b"two")
    assert pseudonym(" @ ".strip(), b"key") == "" and account_pseudonym("  ", b"key") == ""


def test_accounts_stay_as_written_unless_they_hold_personal_data():
    assert account_key(" Acme Ltd ", b"key", personal=False) == "Acme Ltd"
    assert account_key("Ann@x.org", b"key", personal=True) == pseudonym("ann@X.org", b"key")
