"""Passwords that came from the older backend."""

from __future__ import annotations

import bcrypt
from django.contrib.auth.hashers import BCryptPasswordHasher
from django.utils.encoding import force_bytes

# bcrypt reads no further. Older versions of the library cut the rest silently; 5.0 raises.
BCRYPT_BYTES = 72


class ImportedBcryptHasher(BCryptPasswordHasher):
    """Verifies `bcrypt$` + `$2b$…` as the older backend wrote it; replaced at the next sign-in.

    Never the first of PASSWORD_HASHERS, so no new password is cut.
    """

    def encode(self, password: str, salt: str | bytes) -> str:
        digest = bcrypt.hashpw(password.encode()[:BCRYPT_BYTES], force_bytes(salt))
        return f"{self.algorithm}${digest.decode('ascii')}"
