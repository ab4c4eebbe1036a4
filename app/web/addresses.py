"""How a name that may be anything stands in an address."""

from werkzeug.routing import BaseConverter, ValidationError

from app.domain.tags import slug as slug_of


class TagConverter(BaseConverter):
    """A tag's slug as it is; one that is none, ``/`` or ``..``, in hexadecimal digits behind a hyphen."""

    def to_url(self, value: str) -> str:
        """What stands in the address."""
        if value and slug_of(value) == value:
            return super().to_url(value)
        return "-" + value.encode("utf-8", "surrogatepass").hex()

    def to_python(self, value: str) -> str:
        """The tag that an address names."""
        if not value.startswith("-"):
            return value
        try:
            return bytes.fromhex(value[1:]).decode("utf-8", "surrogatepass")
        except ValueError as error:
            raise ValidationError from error
