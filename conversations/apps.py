from importlib import import_module

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        # The embedder has no app of its own; its check registers itself when imported.
        import_module("convoai.embedding.checks")
