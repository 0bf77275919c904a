"""Names that columns of feedback files go by, in several languages."""

import re

TEXT, LABEL = "text", "label"

# First group: a name that says it all. Second: a name that makes the role likely. "_" is a space.
_NAMES: dict[str, tuple[str, str]] = {
    TEXT: (
        "text review comment comments feedback message body content tweet verbatim response "
        "answer kommentar bewertungstext rückmeldung nachricht comentario comentarios opinión "
        "reseña texto mensaje commentaire commentaires avis texte retour "
        "评论 评价 内容 文本 留言 反馈 コメント 本文 レビュー",
        "description beschreibung descripción note notes remark suggestion complaint question "
        "statement utterance query post sentence title subject",
    ),
    LABEL: (
        "label labels topic topics category categories intent theme themes tag tags class "
        "sentiment reason aspect etikett thema themen kategorie stimmung etiqueta tema categoría "
        "categoria sentimiento étiquette thème catégorie 标签 类别 分类 主题 情感 ラベル カテゴリ",
        "issue kind type negativereason polarity emotion target annotation grund motivo motif",
    ),
    "date": (
        "date datetime time timestamp created created_at created_on createdat submitted_at "
        "posted_at reviewed_at datum zeit zeitpunkt erstellt fecha hora creado heure créé 日期 时间 "
        "日時",
        "updated_at day tag jour día published received",
    ),
    "rating": (
        "rating ratings stars star score nps csat grade bewertung sterne note punkte puntuación "
        "calificación estrellas étoiles 评分 星级 打分 評価",
        "overall satisfaction points valoración",
    ),
    "author": (
        "author user username user_name user_id userid author_id author_name reviewer "
        "reviewer_name reviewer_id handle screen_name email e_mail customer_email from posted_by "
        "respondent respondent_id voter_id nutzer benutzer verfasser autor usuario auteur "
        "utilisateur 用户 作者 用户名 ユーザー",
        "name customer_name customer_id participant voter member person",
    ),
    "account": (
        "account account_id account_name company company_name organisation organization "
        "organisation_name organization_name client firma unternehmen kunde empresa cliente "
        "cuenta entreprise compte 公司 客户 会社",
        "customer tenant workspace",
    ),
    "channel": (
        "channel source platform origin kanal quelle canal fuente plateforme 渠道 来源 チャネル",
        "store medium via",
    ),
    "language": (
        "language lang locale sprache idioma lengua langue 语言 言語",
        "language_code lang_code",
    ),
}
_SEGMENT_NAMES = (
    "plan tier version region country nation land pays país os device product app airline "
    "brand repo repository market team edition gender age segment group role industry size "
    "branch city state department tarif produkt gerät producto appareil produit 国家 地区 版本 产品"
)
SEGMENT_HINTS = frozenset(_SEGMENT_NAMES.split())
# Words that turn a name into a measure of something else: airline_sentiment_confidence.
_OTHER_MEASURES = "confidence count gold score probability id url length coord timezone zone number"
_AWAY = frozenset(_OTHER_MEASURES.split())


def _split(names: str) -> frozenset[str]:
    return frozenset(name.replace("_", " ") for name in names.split())


_BY_ROLE = {role: (_split(sure), _split(likely)) for role, (sure, likely) in _NAMES.items()}


def words(name: str) -> list[str]:
    """Lower-case words of a column name: "userName", "user_name" and "User name" are the same."""
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).lower().split()


def strength(name: str, role: str) -> float:
    """How much a name speaks for a role: 0 not at all, 3 the very word."""
    parts = words(name)
    whole = " ".join(parts)
    sure, likely = _BY_ROLE[role]
    if whole in sure:
        return 3.0
    if whole in likely:
        return 1.5
    away = any(part in _AWAY and part not in sure for part in parts)
    # People and organisations: "user timezone" and "product name" are neither.
    if away or role in ("author", "account"):
        return 0.0
    pieces = parts + [" ".join(pair) for pair in zip(parts, parts[1:], strict=False)]
    if any(piece in sure for piece in pieces):
        return 2.0
    if any(piece in likely for piece in pieces):
        return 1.0
    # Chinese, Japanese and German names are written in one word.
    long_names = [word for word in sure if len(word) >= 6 or not word.isascii()]
    return 1.0 if any(word in whole for word in long_names) else 0.0


def matches(name: str, hints: frozenset[str]) -> bool:
    return any(part in hints for part in words(name))
