"""The forms. What their fields may hold, the domain says; here is only that there is something."""

import secrets

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Regexp


class NameForm(FlaskForm):  # type: ignore[misc]
    """Choose a name. `claim` is made with the form, a secret of its browser's, so that sending it twice is asking once.

    `next` is where one is going, `msg` what one had written there before the chat asked for a name.
    """

    name = StringField("Your name", [DataRequired("Type a name first."), Length(max=200)])
    claim = HiddenField(default=lambda: secrets.token_urlsafe(24), filters=[lambda data: (data or "")[:64]])
    next = HiddenField()
    msg = TextAreaField("Your message")


class RoomForm(FlaskForm):  # type: ignore[misc]
    """Make a room. `id` is made with the form, so that sending it twice makes one."""

    name = StringField("Name", [DataRequired("Type a name for the room first."), Length(max=200)])
    topic = StringField("Topic", [Length(max=1000)])
    id = HiddenField(default=lambda: secrets.token_urlsafe(12), filters=[lambda data: (data or "")[:64]])


class MessageForm(FlaskForm):  # type: ignore[misc]
    """Write a message. `id` is made with the form, so that sending it twice is saying it once."""

    msg = TextAreaField("Message")
    id = HiddenField(default=lambda: secrets.token_urlsafe(12), validators=[Regexp(r"\A[\x21-\x7e]{1,64}\Z")])
