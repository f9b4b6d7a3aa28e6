"""What text an account may hold."""

from __future__ import annotations

from django.core.exceptions import ValidationError

# Long enough for any passphrase, short enough that hashing it costs nothing extra.
PASSWORD_LENGTH = 1024


def validate_storable(text: str) -> None:
    """Refuse what PostgreSQL cannot store: NUL characters and lone surrogates."""
    if "\x00" in text:
        raise ValidationError("NUL characters are not allowed.", code="nul_character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValidationError("This is not valid Unicode text.", code="surrogate") from None


def validate_password_text(password: str) -> None:
    """Refuse a password that could not be typed again; how strong it is is another question."""
    if not password:
        raise ValidationError("Enter a password.", code="blank")
    if len(password) > PASSWORD_LENGTH:
        raise ValidationError(
            f"A password has at most {PASSWORD_LENGTH} characters.", code="max_length"
        )
    validate_storable(password)
