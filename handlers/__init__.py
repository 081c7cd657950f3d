"""How we listen and speak. `ROUTES` is all that the bot can hear by a word or by its meaning, `EARS` what it hears for
what it is, `QUESTIONS` all that it can ask."""

from handlers import answers, broadcast, lecturer, order, persons, photos, poll, signup, solitaire, voice
from handlers.desk import cases, dispatch, lectures, polls, recording, review
from handlers.routes import ROUTES, SECTIONS
from handlers.turn import Ear, Question

__all__ = ["EARS", "QUESTIONS", "ROUTES", "SECTIONS"]

EARS: tuple[Ear, ...] = (
    Ear("photo", photos.could, photos.hears, photos.keep, "讲完课，老师把照片私聊发给我，就存到那节课里"),
    Ear("solitaire", solitaire.could, solitaire.hears, solitaire.take, "群里的接龙，说的是本群的课，就当报名收下"),
    Ear(
        "offer",
        signup.could_answer_offer,
        signup.answers_offer,
        signup.answer_offer,
        "候补排到了，回“要”就报上，回“不要”就让给下一位",
    ),
    Ear(
        "answer_offer",
        lecturer.could_answer,
        lecturer.answers_offer,
        lecturer.answer_plainly,
        "老师私聊里回“好的”“去不了，那天值班”，就当接单、不接",
    ),
    Ear("vote", poll.could_vote, poll.votes, poll.vote, "群里有投票时，回数字就是选；到结束前都可以改"),
    Ear("need", voice.could_need, voice.needs, voice.need, "急事@我说（没饭吃、漏雨、断水…），马上告诉镇里"),
    Ear("erase_me", persons.could_erase, persons.hears, persons.ask_to_erase, "群里单说“删除我的信息”，不用@我也回"),
    Ear("my_data", persons.could_mine, persons.hears, persons.mine, "群里单说“我的信息”，不用@我也回，请他私聊"),
    Ear("rating", voice.could_rate, voice.rates, voice.feedback, "讲完课那几天，“5分 讲得好”不用@我也记下"),
)

QUESTIONS: tuple[Question, ...] = (
    Question("plan_rest", answers.a_time, lectures.plan_rest),
    Question("announce_lecture", answers.yes_or_no, lectures.announce, undo=True),
    Question("change_lecture", answers.yes_or_no, lectures.decide_change, undo=True),
    Question("confirm_cancel_lecture", answers.yes_or_no, lectures.decide_cancel, undo=True),
    Question(recording.CONFIRM, answers.yes_or_no, recording.decide, undo=True),
    Question(photos.CHOSEN, photos.read_enough, photos.enough),
    Question("share_case", answers.yes_or_no, voice.share),
    Question("choose_owner", answers.a_choice, cases.choose_owner, undo=True),
    Question("release_poll", answers.yes_or_no, polls.decide, undo=True),
    Question("release_broadcast", answers.yes_or_no, broadcast.decide),
    Question("choose_whom", answers.a_choice, dispatch.choose_whom, undo=True),
    Question("confirm_grab", answers.yes_or_no, dispatch.confirm_grab, undo=True),
    Question("confirm_decline", answers.yes_or_no, review.confirm_decline, undo=True),
    Question("choose_offer", lecturer.which, lecturer.choose_offer, undo=True),
    Question("say_why", lecturer.a_reason, lecturer.say_why, undo=True),
    Question("choose_topic", answers.a_choice, order.choose_topic),
    Question("choose_lecturer", answers.a_choice, order.choose_lecturer),
    Question("answered", answers.no_only, voice.not_answered),
    Question("say_when", answers.a_time, order.say_when),
    Question("confirm_sign_up", answers.yes_or_no, signup.confirm_sign_up),
    Question("confirm_cancel", answers.yes_or_no, signup.confirm_cancel),
    Question("take_fewer", signup.fewer_or_wait, signup.take_fewer),
    Question(persons.CONFIRM, persons.read_answer, persons.decide, fleeting=True),
)
