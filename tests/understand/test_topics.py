"""Topics: what residents write about, in the catalogue's names."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.lexicon import LexiconError, TopicLexicon, load_lexicon
from handlers.understand.normalise import normalise
from handlers.understand.topic_model import TopicModel, grams, load_model, read_lines, train
from handlers.understand.topics import find_aliases, rank_topics

CASES = Path(__file__).parent / "cases" / "topics.tsv"
CATALOGUE = [
    *("医疗保险", "养老保险", "社会救助(低保)", "土地与宅基地", "农业补贴", "种植技术", "养殖技术", "反诈骗"),
    *("法律(婚姻/劳动/民事)", "健康", "教育", "森林防火", "交通安全", "环境卫生", "创业就业", "其他"),
]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def lexicon() -> TopicLexicon:
    return load_lexicon()


@pytest.fixture(scope="module")
def model(lexicon: TopicLexicon) -> TopicModel:
    return load_model(lexicon)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "topics.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("row", rows(CASES), ids=lambda row: str(row["text"])[:16])
def test_topic_of_a_message(row: dict[str, str], lexicon: TopicLexicon, model: TopicModel) -> None:
    first = rank_topics(normalise(row["text"]), lexicon, model)[0]
    assert first.name in {row["topic"], *row["also"].split("|")}, first


def test_the_lexicon_that_ships_has_the_catalogue_and_no_faults(lexicon: TopicLexicon) -> None:
    assert list(lexicon.names) == CATALOGUE
    assert len(lexicon.words) >= 600
    assert [problem.message for problem in lexicon.problems if problem.kind != "overlap"] == []


def test_training_lines_cover_the_catalogue() -> None:
    lines = list(read_lines())
    assert len(lines) >= 600
    assert {topic for topic, _ in lines} == set(CATALOGUE)


def test_problems_are_told_with_their_lines(tmp_path: Path) -> None:
    medicine = "医疗:\n  strong:\n    - 医保 医保\n"
    pension = "养老:\n  strong:\n    - 医保\n  aliases:\n    - 医保局长\n"
    problems = load_lexicon(write(tmp_path, medicine + pension)).problems
    assert [(problem.line, problem.kind) for problem in problems] == [(3, "repeated"), (6, "shared"), (8, "overlap")]
    assert "第6行" in problems[1].message and "“医保”" in problems[1].message


def test_words_may_be_parted_by_any_comma(tmp_path: Path) -> None:
    lexicon = load_lexicon(write(tmp_path, "种植:\n  strong:\n    - 沃柑、砂糖桔，荔枝 龙眼\n"))
    assert set(lexicon.words) == {"沃柑", "砂糖桔", "荔枝", "龙眼"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "没有题目"),
        ("医疗: 医保\n", "第1行"),
        ("医疗:\n  heavy:\n    - 医保\n", "第2行"),
        ("医疗:\n  strong: 医保\n", "第2行"),
        ("医疗:\n  strong:\n    - 医保+\n", "第3行"),
        ("医疗:\n  strong:\n    - 医保\n  - 农合\n", "格式不对"),
        ("医疗:\n  strong:\n    - 医保\n医疗:\n  weak:\n    - 报\n", "两遍"),
    ],
)
def test_a_damaged_lexicon_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(LexiconError, match=told):
        load_lexicon(write(tmp_path, text))


def test_a_missing_lexicon_is_told(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match=r"none\.yaml"):
        load_lexicon(tmp_path / "none.yaml")


def test_the_longer_alias_wins(lexicon: TopicLexicon) -> None:
    assert [mention.alias.text for mention in find_aliases("被征地农民养老", lexicon)] == ["被征地农民养老"]


def test_words_that_stand_together_overrule_each_alone(lexicon: TopicLexicon) -> None:
    assert rank_topics("社保卡在哪里办", lexicon)[0].name == "养老保险"
    assert rank_topics("厂里不给员工买社保", lexicon)[0].name == "法律(婚姻/劳动/民事)"
    assert rank_topics("水稻怎么管", lexicon)[0].name == "种植技术"
    assert rank_topics("水稻有没有补贴", lexicon)[0].name == "农业补贴"


def test_words_in_two_sentences_do_not_stand_together(lexicon: TopicLexicon) -> None:
    hit = rank_topics("水稻怎么管。养牛不懂。补贴", lexicon)[0]
    assert "@种植技术+补贴" not in hit.words


def test_what_nothing_is_known_of_is_other_without_evidence(lexicon: TopicLexicon) -> None:
    first = rank_topics("嗯嗯", lexicon)[0]
    assert (first.name, first.words) == ("其他", ())


def test_a_greeting_is_not_the_matter(lexicon: TopicLexicon) -> None:
    hits = rank_topics("尊敬的教育局领导:您好!我家的宅基地被占", lexicon)
    assert hits[0].name == "土地与宅基地"
    assert "教育局" not in hits[0].words and all("教育局" not in hit.words for hit in hits)


def test_the_model_hears_what_no_alias_names() -> None:
    model = train([("甲", "天上的云彩"), ("乙", "河里的石头")], ("甲", "乙"))
    odds = model.log_odds("云彩")
    assert odds["甲"] > 0 > odds["乙"]
    assert model.log_odds("全无关系") == {"甲": 0.0, "乙": 0.0}


def test_training_twice_gives_the_same_model(lexicon: TopicLexicon, model: TopicModel) -> None:
    assert load_model(lexicon) == model


def test_training_lines_need_a_known_topic(tmp_path: Path, lexicon: TopicLexicon) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("没有题目的一句\n", encoding="utf-8")
    with pytest.raises(LexiconError, match="第1行"):
        load_model(lexicon, path)
    path.write_text("[天文]\n星星\n", encoding="utf-8")
    with pytest.raises(LexiconError, match="天文"):
        load_model(lexicon, path)


def test_grams_count_digits_as_one_kind() -> None:
    assert grams("交 380") == {"交0", "00", "交00", "000"}


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200))
def test_ranking_never_raises_and_sums_to_one(text: str) -> None:
    lexicon = load_lexicon()
    hits = rank_topics(text, lexicon, limit=len(lexicon.names))
    assert abs(sum(hit.score for hit in hits) - 1) < 1e-9
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
