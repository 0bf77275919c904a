"""Names that columns of feedback files go by, in several languages."""

import re

TEXT, TITLE, LABEL, ID, NUMBER = "text", "title", "label", "id", "number"

# First group: a name that says it all. Second: a name that makes the role likely. "_" is a space.
_NAMES: dict[str, tuple[str, str]] = {
    TEXT: (
        "text review review_text comment comments feedback message body content tweet verbatim response "
        "answer kommentar bewertungstext rückmeldung nachricht antwort comentario comentarios opinión "
        "reseña texto mensaje respuesta commentaire commentaires avis texte retour réponse comentário "
        "comentários avaliação mensagem opinião resposta commento commenti recensione messaggio testo "
        "risposta opmerking opmerkingen reactie bericht tekst antwoord komentarz komentarze opinia recenzja "
        "treść wiadomość отзыв комментарий комментарии текст сообщение ответ содержание yorum yorumlar "
        "geri_bildirim mesaj metin cevap görüş 评论 评价 内容 文本 留言 反馈 意见 コメント 本文 レビュー "
        "内容 感想 ご意見 댓글 리뷰 내용 의견 후기 메시지",
        "description details beschreibung descripción descrição descrizione omschrijving opis описание "
        "açıklama note notes remark suggestion complaint question statement utterance query post sentence "
        "title subject vorschlag sugerencia suggestion sugestão suggerimento 描述 説明 설명",
    ),
    TITLE: (
        "title subject headline review_title post_title note_title betreff titel überschrift titre objet "
        "sujet asunto título assunto titolo oggetto onderwerp temat tytuł тема заголовок konu başlık "
        "标题 主题 タイトル 件名 제목",
        "summary zusammenfassung résumé resumen",
    ),
    LABEL: (
        "label labels topic topics category categories intent theme themes tag tags class "
        "sentiment reason aspect etikett thema themen kategorie kategorien stimmung etiqueta etiquetas tema "
        "temas categoría categorías categoria categorias sentimiento sentimento étiquette étiquettes thème "
        "thèmes catégorie catégories etichetta etichette categorie onderwerpen kategoria kategorie etykieta "
        "etykiety категория категории метка метки тональность kategori etiket etiketler duygu 标签 类别 分类 "
        "情感 ラベル カテゴリ カテゴリー タグ 感情 라벨 카테고리 분류 태그 감정 주제",
        "issue kind type negativereason polarity emotion target annotation grund motivo motif powód причина "
        "neden",
    ),
    "date": (
        "date datetime time timestamp created created_at created_on createdat submitted_at submit_date "
        "posted_at reviewed_at datum zeit zeitpunkt zeitstempel erstellt erstellt_am fecha hora creado "
        "fecha_de_creación heure créé créé_le data data_de_criação criado_em data_creazione ora tijd "
        "aangemaakt tijdstip data_utworzenia czas дата время создано дата_создания tarih zaman "
        "oluşturulma_tarihi 日期 时间 创建时间 日時 日付 作成日 날짜 일시 작성일 시간",
        "updated_at day tag jour día dia giorno dag dzień published received date_added",
    ),
    "rating": (
        "rating ratings stars star star_rating score nps csat grade bewertung sterne note punkte puntuación "
        "calificación estrellas étoiles nota avaliação estrelas classificação voto valutazione punteggio "
        "stelle beoordeling sterren cijfer ocena gwiazdki оценка рейтинг звезды puan değerlendirme yıldız "
        "评分 星级 打分 評価 評点 星 평점 별점 점수",
        "overall satisfaction points valoración zufriedenheit satisfacción tevredenheid",
    ),
    "author": (
        "author user username user_name user_id userid author_id author_name author_email reviewer "
        "reviewer_name reviewer_id reviewer_nickname nickname handle screen_name email e_mail email_address "
        "customer_email user_email from posted_by requester requester_email submitter respondent "
        "respondent_id voter_id "
        "nutzer benutzer benutzername verfasser autor kundenname usuario nombre_de_usuario correo "
        "correo_electrónico auteur utilisateur pseudo courriel usuário nome_do_usuário utente autore "
        "nome_utente gebruiker gebruikersnaam schrijver użytkownik автор пользователь почта kullanıcı "
        "kullanıcı_adı yazar e_posta 用户 作者 用户名 昵称 邮箱 ユーザー "
        "ユーザー名 投稿者 氏名 사용자 작성자 닉네임 이메일",
        "name customer_name customer_id participant voter member person nombre nom nome naam imię имя isim "
        "姓名 名前 이름",
    ),
    "account": (
        "account account_id account_name company company_name organisation organization organization_name "
        "organisation_name organization_id company_id client client_id "
        "firma firmenname unternehmen kunde kundennummer empresa cliente cuenta entreprise société compte "
        "conta azienda società bedrijf bedrijfsnaam klant klient konto компания организация клиент аккаунт "
        "şirket firma_adı müşteri hesap 公司 客户 企业 会社 会社名 企業 顧客 회사 고객사 고객",
        "customer tenant workspace",
    ),
    "channel": (
        "channel source platform origin via kanal quelle herkunft canal fuente origen plateforme fonte "
        "origem canale origine kanaal bron kanał źródło канал источник kaynak 渠道 来源 チャネル "
        "経路 채널 출처",
        "store medium",
    ),
    "language": (
        "language lang locale sprache idioma lengua langue língua lingua taal język язык dil 语言 言語 언어",
        "language_code lang_code reviewer_language",
    ),
    ID: (
        "id uuid guid key external_id feedback_id review_id ticket_id ticket_number response_id message_id "
        "conversation_id comment_id tweet_id post_id issue_id note_id submission_id case_id case_number "
        "kennung vorgangsnummer identificador identifiant identificatore identyfikator идентификатор kimlik "
        "编号 序号 番号 번호",
        "number nr num no ref reference nummer número numéro numero numer номер numara",
    ),
    NUMBER: (
        "score scores nps csat ces effort satisfaction likelihood votes vote_count upvotes likes helpful "
        "thumbs_up mrr arr revenue amount price spend seats punkte punktzahl stimmen umsatz preis aufwand "
        "votos ingresos precio puntos votes_count chiffre_d_affaires prix receita preço ricavi prezzo omzet "
        "prijs punten cena przychód głosy голоса выручка цена oy gelir fiyat 票数 金额 得分 "
        "投票数 金額 스코어 금액",
        "",
    ),
}
_SEGMENT_NAMES = (
    "plan tier version region country nation land pays país paese kraj страна ülke os device product app "
    "airline brand repo repository market team edition gender age segment group role industry size territory "
    "board branch city state status priority department tarif produkt gerät producto appareil produit "
    "produto dispositivo prodotto urządzenie продукт ürün cihaz bölge регион 国家 地区 版本 "
    "产品 国 地域 製品 국가 지역 제품 버전"
)
SEGMENT_HINTS = frozenset(_SEGMENT_NAMES.split())
# Words that turn a name into a measure of something else: airline_sentiment_confidence.
_OTHER_MEASURES = "confidence count gold score probability id url length coord timezone zone number link"
_AWAY = frozenset(_OTHER_MEASURES.split())

# What stands for an author who is not known; two of them are not the same person.
NOBODY = frozenset(
    (
        "anonymous", "anonymous user", "anon", "a google user", "google user", "guest",
        "unknown", "unknown user", "deleted user", "[deleted]", "n/a", "na", "none", "null",
        "nan", "-", "--", "?", "user", "customer", "anonym", "gast", "unbekannt",
        "ein google-nutzer", "anonyme", "inconnu", "invité", "anónimo", "invitado",
        "desconocido", "anônimo", "anonimo", "ospite", "anoniem", "onbekend", "аноним", "гость",
        "misafir", "匿名", "匿名用户", "匿名ユーザー", "名無し", "익명", "匿名さん",
    )
)  # fmt: skip


def _split(names: str) -> frozenset[str]:
    return frozenset(name.replace("_", " ") for name in names.split())


_BY_ROLE = {role: (_split(sure), _split(likely)) for role, (sure, likely) in _NAMES.items()}
_PEOPLE = _split(
    "assignee assignee_name assignee_email agent agent_name agent_email owner_email first_name last_name "
    "full_name firstname lastname fullname surname vorname nachname prénom apellido apellidos cognome "
    "voornaam achternaam imię nazwisko фамилия soyadı requester_external_id customer_name contact_name "
    "reporter creator owner owner_name reported_by created_by updated_by assigned_to submitted_by opened_by "
    "closed_by account_owner "
    # Where and how people can be reached; "phone" alone may be a device.
    "phone_number phone_no phone_numbers telephone telephone_number mobile_number mobile_phone contact_phone "
    "customer_phone requester_phone user_phone whatsapp whatsapp_number telefon telefonnummer handynummer "
    "mobilnummer rufnummer teléfono número_de_teléfono téléphone numéro_de_téléphone telefone telefono "
    "telefoonnummer numer_telefonu телефон номер_телефона telefon_numarası 电话 电话号码 手机号 手机号码 "
    "電話番号 携帯番号 전화번호 휴대폰번호"
)


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
    # People, organisations and ids: "user timezone", "product name" and "product id" are none.
    if away or role in ("author", "account", ID):
        return 0.0
    pieces = parts + [" ".join(pair) for pair in zip(parts, parts[1:], strict=False)]
    if any(piece in sure for piece in pieces):
        return 2.0
    if any(piece in likely for piece in pieces):
        return 1.0
    # Chinese, Japanese, Korean and German names are written in one word.
    long_names = [word for word in sure if len(word) >= 6 or (len(word) > 1 and ord(word[0]) > 0x2E80)]
    return 1.0 if any(word in whole for word in long_names) else 0.0


def names_people(name: str) -> bool:
    """Whether a column holds who somebody is, going by its name alone."""
    return strength(name, "author") >= 3.0 or " ".join(words(name)) in _PEOPLE


def matches(name: str, hints: frozenset[str]) -> bool:
    return any(part in hints for part in words(name))
