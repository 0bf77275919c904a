"""Names of months and of time zones."""

import unicodedata

_MONTHS = {
    start: month
    for month, names in enumerate(
        (
            "jan ene gen sty янв oca",
            "feb fév fev lut фев şub sub",
            "mar mär mrz maa мар",
            "apr abr avr kwi апр nis",
            "may mai mag maj mei мая май",
            "jun juin giu cze июн haz",
            "jul juil lug lip июл tem",
            "aug ago aoû aou sie авг ağu agu",
            "sep set wrz сен eyl",
            "oct okt ott out paź paz окт eki",
            "nov lis ноя kas",
            "dec dez dic déc gru дек ara",
        ),
        start=1,
    )
    for start in names.split()
}

# Minutes from the written time to UTC. Names with more than one meaning (IST, CST in China, AST) are left
# out, but for the American ones, which programs write.
ZONES = {
    name: minutes
    for minutes, names in {
        0: "Z UTC GMT WET",
        -60: "CET BST WEST MEZ",
        -120: "CEST EET MESZ SAST",
        -180: "EEST MSK",
        -480: "SGT HKT AWST",
        -540: "JST KST",
        -600: "AEST",
        -660: "AEDT",
        -720: "NZST",
        -780: "NZDT",
        180: "BRT ART",
        240: "EDT",
        300: "EST CDT",
        360: "CST MDT",
        420: "MST PDT",
        480: "PST AKDT",
        540: "AKST",
        600: "HST",
    }.items()
    for name in names.split()
}


def month_number(name: str) -> int:
    """1 to 12, 0 for a word that is no month in the languages that are known."""
    name = unicodedata.normalize("NFC", name.lower().replace("i̇", "i"))
    return _MONTHS.get(name[:4]) or _MONTHS.get(name[:3], 0)
