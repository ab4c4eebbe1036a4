"""Forms parse and bound what a browser sends; whether an entry is good is the domain's to say."""

import wtforms


class Form(wtforms.Form):  # type: ignore[misc]  # WTForms has no types
    """Base of every form."""
