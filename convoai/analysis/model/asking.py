"""Asking a provider through pydantic-ai, and nothing else.

Everything heavy is imported inside the functions: starting the server must not load it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convoai.analysis.failure import AnalysisFailed
from convoai.analysis.model.provider import LISTED_IN
from convoai.outbound import RequestFailed

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model

    from convoai.analysis.model.answer import Answer
    from convoai.analysis.model.provider import Provider

# How often an answer that does not fit the form is asked for again.
FORM_TRIES = 2
# Requests on their way at a time, for one talk.
AT_ONCE = 4
MOST_ANSWER_TOKENS = 16_000
# Seconds for a whole talk; a claim on it (services.LEASE) holds for longer.
LONGEST = 480.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What came back: one answer for each prompt, and what it cost."""

    answers: list[Answer]
    tokens_in: int
    tokens_out: int


async def ask(
    provider: Provider, instructions: str, prompts: Sequence[str], *, seconds: float = LONGEST
) -> Asked:
    """Put each prompt to the model. Raises AnalysisFailed when one of them stays unanswered.

    `seconds` is what all of them may take together.
    """
    from convoai.transport import GuardedTransport, client

    transport = GuardedTransport(
        allowed=provider.allowed_hosts,
        listed_in=LISTED_IN,
        timeout=provider.timeout,
        pause=provider.pause,
    )
    try:
        async with asyncio.timeout(seconds), client(transport, seconds) as http:
            return await _ask_all(_model(provider, http), instructions, prompts)
    except TimeoutError:
        raise AnalysisFailed(f"the talk took longer than {seconds:g} seconds") from None


async def _ask_all(model: Model, instructions: str, prompts: Sequence[str]) -> Asked:
    from pydantic_ai import Agent, NativeOutput
    from pydantic_ai.settings import ModelSettings

    from convoai.analysis.model.answer import Answer

    agent = Agent(
        model,
        output_type=NativeOutput(Answer, name="notes"),
        instructions=instructions,
        model_settings=ModelSettings(temperature=0.1, max_tokens=MOST_ANSWER_TOKENS),
        retries={"output": FORM_TRIES},
    )
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(prompt: str) -> tuple[Answer, int, int]:
        async with gate:
            try:
                result = await agent.run(prompt)
            except Exception as error:  # noqa: BLE001 - a hostile answer may break a library anywhere
                raise _failure(error) from None
            usage = result.usage
            return result.output, usage.input_tokens, usage.output_tokens

    tasks = [asyncio.ensure_future(one(prompt)) for prompt in prompts]
    try:
        found = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    answers, tokens_in, tokens_out = zip(*found, strict=True)
    return Asked(list(answers), sum(tokens_in), sum(tokens_out))


def _failure(error: BaseException) -> AnalysisFailed:
    """Why a model did not answer, in our own words: a library's message may quote the talk."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, AnalysisFailed | RequestFailed):
            return AnalysisFailed(str(seen), permanent=seen.permanent, after=seen.after)
        seen = seen.__cause__ or seen.__context__
    return AnalysisFailed("the model's answer could not be used")


def _model(provider: Provider, http: httpx2.AsyncClient) -> Model:
    """The model behind a checked HTTP client; every address is given, none is read from outside."""
    if provider.kind == "google":
        from pydantic_ai.models.google import GoogleModel
        from pydantic_ai.providers.google import GoogleProvider

        google = GoogleProvider(api_key=provider.key, base_url=provider.url, http_client=http)
        return GoogleModel(provider.model, provider=google)
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    # The transport tries again by itself.
    sdk = AsyncOpenAI(base_url=provider.url, api_key=provider.key, http_client=http, max_retries=0)
    return OpenAIChatModel(provider.model, provider=OpenAIProvider(openai_client=sdk))
