"""How we listen and speak. `ROUTES` is all that the bot can hear by a word or by its meaning, `EARS` what it hears for
what it is, `QUESTIONS` all that it can ask."""

from handlers import answers, broadcast, order, signup, voice
from handlers.routes import ROUTES, SECTIONS
from handlers.turn import Ear, Question

__all__ = ["EARS", "QUESTIONS", "ROUTES", "SECTIONS"]

EARS: tuple[Ear, ...] = ()

QUESTIONS: tuple[Question, ...] = (
    Question("release_broadcast", answers.yes_or_no, broadcast.decide),
    Question("choose_topic", answers.a_choice, order.choose_topic),
    Question("choose_lecturer", answers.a_choice, order.choose_lecturer),
    Question("answered", answers.no_only, voice.not_answered),
    Question("say_when", answers.a_time, order.say_when),
    Question("confirm_sign_up", answers.yes_or_no, signup.confirm_sign_up),
    Question("confirm_cancel", answers.yes_or_no, signup.confirm_cancel),
)
