"""A sentence whose end or middle has not arrived is told; who writes short everywhere, and who joins sentences, is
believed."""

import pytest

from processors.checks.run import check_pair

FOUR = (
    "The river rose for three days after the storm. Farmers along the eastern bank moved their animals to the hills "
    "before the water reached the barns. The mayor asked the army for boats and tents. Nobody was hurt in the village."
)
FIRST, THIRD, LAST = (
    "ارتفع منسوب النهر ثلاثة أيام بعد العاصفة.",
    "وطلب رئيس البلدية من الجيش قوارب وخيامًا.",
    "ولم يصب أحد في القرية بأذى.",
)


def test_the_end_of_one_sentence_of_four_is_missed() -> None:
    found = check_pair(FOUR, f"{FIRST} نقل المزارعون على الضفة الشرقية. {THIRD} {LAST}")
    assert [(verdict.check, verdict.hard) for verdict in found] == [("lost", True)]


def test_words_of_the_end_that_a_neighbour_says_for_itself_do_not_hide_it() -> None:
    source = (
        "The water rose for three days and the barns on the hills were empty. Farmers along the eastern bank of the "
        "river moved their sheep and goats to the hills before the water reached the barns. The mayor asked the army "
        "for boats and tents."
    )
    around = "ارتفعت المياه ثلاثة أيام وكانت الحظائر على التلال خالية. نقل المزارعون على الضفة الشرقية من النهر."
    assert any(verdict.hard for verdict in check_pair(source, f"{around} وطلب رئيس البلدية من الجيش قوارب وخيامًا."))


def test_a_summary_is_no_short_style() -> None:
    source = (
        "The river rose for three days after the storm had passed over the northern hills. Farmers along the eastern "
        "bank moved their animals to the hills before the water reached the barns. The mayor asked the army for "
        "boats, tents and blankets for the families. The school on the hill was opened for everybody who had lost a "
        "house."
    )
    target = (
        "ارتفع منسوب النهر ثلاثة أيام بعد. نقل المزارعون على الضفة الشرقية حيواناتهم. طلب رئيس البلدية من الجيش "
        "قوارب. فُتحت المدرسة الواقعة على التل."
    )
    assert any(verdict.hard for verdict in check_pair(source, target))


def test_the_whole_text_has_nothing_against_it() -> None:
    moved = "نقل المزارعون على الضفة الشرقية حيواناتهم إلى التلال قبل أن تصل المياه إلى الحظائر."
    assert not check_pair(FOUR, f"{FIRST} {moved} {THIRD} {LAST}")


def test_a_clause_in_the_middle_is_missed() -> None:
    source = (
        "The museum, which was built by a rich merchant in the old harbour and was closed for many years because of "
        "the long war, shows paintings by young artists."
    )
    whole = (
        "يعرض المتحف، الذي بناه تاجر ثري في الميناء القديم وأُغلق سنوات عديدة بسبب الحرب الطويلة، لوحات لفنانين شباب."
    )
    assert not check_pair(source, whole)
    found = check_pair(source, "يعرض المتحف، الذي بناه تاجر ثري في الميناء القديم، لوحات لفنانين شباب.")
    assert any(verdict.check == "lost" and "closed for many years" in verdict.detail for verdict in found)


# Translated freely by somebody who knew no rule: every sentence is short for what it stands for.
SHORT_EVERYWHERE = [
    (
        "As a world-famous chef, my signature dish is a culinary masterpiece that combines my unique blend of flavors "
        "and techniques. It's a dish that has been carefully crafted over years of experimentation and refinement, "
        "and it showcases my passion for using the freshest and most exquisite ingredients.\n\n"
        "This dish is a perfect harmony of flavors, textures, and presentation. It's a dish that is both visually "
        "stunning and absolutely delicious, and it's a dish that leaves a lasting impression on all who taste it.\n\n"
        "The key ingredient in this dish is a rare and exotic spice that I have sourced from the farthest reaches of "
        "the world. This spice adds a unique and unforgettable flavor to the dish, and it sets it apart from any "
        "other dish on the planet.",
        "أنا طاهٍ ذاع صيته في أرجاء العالم، وطبقي المميز تحفة من تحف فن الطهي تمتزج فيها نكهاتي وأساليبي الفريدة. وقد "
        "أُعدّ بعناية على مدى سنوات من التجريب والصقل، وفيه يتجلى شغفي باستخدام أكثر المكونات طزاجةً وفخامة.\n\n"
        "في هذا الطبق تتناغم النكهات والقوام وطريقة التقديم تناغمًا تامًا. فهو يسرّ الناظرين ويطيب للآكلين في آنٍ "
        "معًا، ويترك في نفس كل من يتذوقه أثرًا لا يُمحى.\n\nأما مكوّنه الأساسي فتابل نادر غريب جلبته من أقاصي الأرض، "
        "يضفي على الطبق نكهة فريدة لا تُنسى، ويميزه عن أي طبق سواه على وجه البسيطة.",
    ),
]


@pytest.mark.parametrize(("source", "target"), SHORT_EVERYWHERE)
def test_who_writes_short_everywhere_is_believed(source: str, target: str) -> None:
    assert not any(verdict.hard for verdict in check_pair(source, target))


def test_numbers_that_are_all_there_tell_whose_translation_it_is() -> None:
    source = "The transfer fee rose from US$1.5m to US$2m in a week."
    target = "ارتفعت قيمة صفقة الانتقال من 1.5 مليون دولار أمريكي إلى مليوني دولار في غضون أسبوع."
    assert not any(verdict.hard for verdict in check_pair(source, target))
