from convoai.accounts.models.api_key import ApiKey
from convoai.accounts.models.user import User

__all__ = ["ApiKey", "User"]
