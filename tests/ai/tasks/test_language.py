from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.local.model_files import ModelFile
from signalstream.ai.tasks.language import MODEL, Language, LanguageJudge, ModelGuess, WordGuess, letters_in, local
from signalstream.errors import ConfigurationError
from signalstream.settings import DEFAULT_LANGUAGES, Settings
from tests.ai.local.conversations import turn

SENTENCES = {
    "ar": ("أريد استرداد المال لأن الطلب لم يصل", "لا أستطيع الدخول إلى حسابي منذ أمس"),
    "de": ("Ich warte seit zwei Wochen auf mein Paket.", "Bitte kündigen Sie meinen Vertrag zum Monatsende."),
    "en": ("My order has not arrived yet.", "please close my account and send the money back"),
    "es": ("Todavía no he recibido mi pedido.", "Quiero cancelar la suscripción, por favor."),
    "fr": ("Je n'arrive plus à me connecter.", "Merci de me rembourser la commande."),
    "hi": ("मेरा ऑर्डर अभी तक नहीं आया है", "कृपया मेरे पैसे वापस कर दीजिए"),
    "it": ("Il pacco non è ancora arrivato.", "Vorrei disdire l'abbonamento."),
    "ja": ("注文した商品がまだ届いていません。", "返金をお願いします。"),
    "ko": ("주문한 상품이 아직 도착하지 않았어요.", "환불을 요청하고 싶습니다."),
    "nl": ("Mijn bestelling is nog steeds niet geleverd.", "Ik wil graag mijn geld terug."),
    "pl": ("Moje zamówienie jeszcze nie dotarło.", "Proszę o zwrot pieniędzy za fakturę."),
    "pt": ("O meu pedido ainda não chegou.", "Não consigo entrar na minha conta."),
    "ru": ("Мой заказ до сих пор не пришёл.", "Верните, пожалуйста, деньги."),
    "tr": ("Siparişim hâlâ gelmedi, ne zaman gelir?", "Para iadesi istiyorum, teşekkür ederim."),
    "zh": ("我的订单还没有到。", "请把钱退给我。谢谢。"),
}


@pytest.fixture(scope="module")
def judge() -> LanguageJudge:
    return local(None)


def test_every_served_language_has_sentences_here() -> None:
    assert tuple(SENTENCES) == DEFAULT_LANGUAGES


@pytest.mark.parametrize("language", DEFAULT_LANGUAGES)
def test_a_sentence_of_a_customer_is_told_by_the_model(judge: LanguageJudge, language: str) -> None:
    found = [judge.detect(text) for text in SENTENCES[language]]
    assert [one.language for one in found] == [language] * 2
    assert all(one.confidence > 0.5 for one in found)


@pytest.mark.parametrize(
    "text", ["ok", "Hi!", "😡😡😡", "12345 67890", "[EMAIL_1] [PHONE_2]", "https://example.com/abc"]
)
def test_what_says_too_little_is_undetermined(judge: LanguageJudge, text: str) -> None:
    assert judge.detect(text) == Language(language="und", confidence=0)


def test_letters_at_random_are_no_language(judge: LanguageJudge) -> None:
    assert judge.detect("zxcv qwpo mnbv lkjh ghtr").confidence < 0.6


def test_a_short_message_is_read_with_the_earlier_ones_of_its_sender(judge: LanguageJudge) -> None:
    before = (("customer", "Wo bleibt mein Paket?"), ("agent", "Where do you live, please tell me?"))
    assert judge.judge(turn("ok", context=before)).result == judge.detect("ok", ["Wo bleibt mein Paket?"])
    assert judge.detect("ok", ["Wo bleibt mein Paket?"]).language == "de"
    assert judge.detect("I will send it back to you today", ["Wo bleibt mein Paket?"]).language == "en"


def test_only_served_languages_are_told() -> None:
    few = local(Settings(_env_file=None, languages="en,de"))
    assert few.detect("Quiero cancelar la suscripción, por favor.").language in {"en", "de", "und"}
    assert few.detect("Ich möchte meinen Vertrag kündigen.").language == "de"


def test_a_language_that_the_model_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"SIGNALSTREAM_LANGUAGES.*zz"):
        ModelGuess(("en", "zz"))


@pytest.mark.parametrize("package", ["py3langid", "package_that_is_not_there"])
def test_without_its_model_it_goes_by_words_and_says_so(package: str) -> None:
    without = local(None, ModelFile(package, MODEL.path, "0" * 64))
    found = without.judge(turn("I want to know what you have done with my order"))
    assert isinstance(found.result, Language)
    assert (found.result.language, found.engine) == ("en", "words")
    assert without.missing is not None
    assert package in without.missing


def test_scripts_and_common_words_tell_most_sentences() -> None:
    judge = LanguageJudge(WordGuess(DEFAULT_LANGUAGES), "words")
    right = sum(judge.detect(text).language == language for language in SENTENCES for text in SENTENCES[language])
    assert right >= 24


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=300))
def test_any_text_gets_an_answer(judge: LanguageJudge, text: str) -> None:
    found = judge.detect(text)
    assert found.language in {*DEFAULT_LANGUAGES, "und"}
    assert letters_in(text) >= 0


def test_languages_are_codes_of_two_letters() -> None:
    assert Settings(_env_file=None, languages=" en, de,en").languages == ("en", "de")
    for wrong in ("", "english", "EN"):
        with pytest.raises(ValueError, match="is no language"):
            Settings(_env_file=None, languages=wrong)
