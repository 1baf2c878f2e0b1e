"""The judge `openai`: any server that speaks OpenAI's chat completions, hosted or local, by the openai library."""

from __future__ import annotations

import base64
from typing import Any

from mbench.judges.base import JUDGES
from mbench.judges.vision.judge import vision_judge
from mbench.judges.vision.server import CallFailed, Media, Reply, Request, seconds_to_wait, transport_failure
from mbench.judges.vision.settings import Settings

NO_KEY = "none"  # the library wants one; local servers don't look at it
SCHEMA_WORDS = ("response_format", "json_schema", "structured output", "grammar")


class OpenAISettings(Settings):
    """A vision-language model behind an OpenAI-compatible server: hosted, vLLM, Ollama, llama.cpp.

    It tells what the motion shows, and then picks a text or says whether one fits; see docs/judges.md.
    """

    base_url: str = "https://api.openai.com/v1"
    api_key_env: str | None = "OPENAI_API_KEY"

    @property
    def hosted(self) -> bool:
        """Return whether this is the server that never answers without a key."""
        return self.base_url == OpenAISettings.model_fields["base_url"].default


class OpenAIServer:
    """Sends requests as chat completions.

    Args:
        settings: of the judge.
        key: the API key, empty for none.
    """

    package, extra = "openai", "openai"

    def __init__(self, settings: Settings, key: str) -> None:
        from openai import OpenAI

        self._settings = settings
        self._client = OpenAI(
            base_url=settings.base_url, api_key=key or NO_KEY, timeout=settings.timeout, max_retries=0
        )  # fmt: skip
        self._schemas = True  # until the server refuses one
        self._limit = "max_tokens"  # hosted models that think take it by another name

    def send(self, request: Request) -> Reply:
        """Send one call; what the server can't do is left out of this and all further ones, if no answer changes.

        Raises:
            CallFailed: no reply.
        """
        while True:
            schema, limit = self._schemas, self._limit
            try:
                return _reply(self._completion(request, schema, limit))
            except CallFailed as failure:
                if not self._adapt(failure, request, schema, limit):
                    raise

    def _adapt(self, failure: CallFailed, request: Request, schema: bool, limit: str) -> bool:
        """Learn from a refusal what the server can't do; return whether another try makes sense."""
        if failure.status not in (400, 422):
            return False
        text = str(failure).lower()
        if limit == "max_tokens" and "max_completion_tokens" in text:
            self._limit = "max_completion_tokens"
            return True
        optional = self._settings.structured == "auto" and request.schema is not None
        if schema and optional and any(word in text for word in SCHEMA_WORDS):
            self._schemas = False
            return True
        return False

    def _completion(self, request: Request, schema: bool, limit: str) -> Any:
        """Return what the library makes of the reply.

        Raises:
            CallFailed: no reply.
        """
        import openai

        s = self._settings
        options: dict[str, Any] = {limit: s.max_tokens, "temperature": s.temperature, "seed": request.seed}
        options = {name: value for name, value in options.items() if value is not None}
        if schema and request.schema is not None:
            options["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": request.schema},
            }
        try:
            return self._client.chat.completions.create(model=s.model, messages=_messages(request), **options)
        except openai.APIStatusError as error:
            wait = seconds_to_wait(error.response.headers)
            raise CallFailed(_told(error), "status", error.status_code, wait) from error
        except Exception as error:  # a reply that is no JSON raises whatever the library did not expect
            raise transport_failure(error) from error


def _told(error: Any) -> str:
    """Return what the server says is wrong, with the name of it where there is one."""
    body = error.body if isinstance(error.body, dict) else {}
    message, name = str(body.get("message") or error.message), str(error.code or "")
    return message if not name or name.isdigit() or name in message else f"{message} ({name})"


def _messages(request: Request) -> list[Any]:
    """Return the messages of a call: the media in the order of time, then the question."""
    content = [*_parts(request.media), {"type": "text", "text": request.text}]
    return [{"role": "system", "content": request.system}, {"role": "user", "content": content}]


def _parts(media: Media) -> list[dict[str, Any]]:
    """Return the media as data URIs."""
    what = "image_url" if media.fps is None else "video_url"
    uris = [f"data:{media.kind};base64,{base64.b64encode(data).decode()}" for data in media.files]
    return [{"type": what, what: {"url": uri}} for uri in uris]


def _reply(completion: Any) -> Reply:
    """Return the text of a completion.

    Raises:
        CallFailed: it holds none, or the model refused.
    """
    choices: Any = getattr(completion, "choices", None)
    message = getattr(choices[0], "message", None) if choices else None
    if message is None:
        raise CallFailed(f"a completion without choices: {str(completion)[:80]!r}", "malformed")
    usage = getattr(completion, "usage", None)
    tokens = (getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None))
    finish = choices[0].finish_reason
    refusal = getattr(message, "refusal", None)
    if refusal or finish == "content_filter":
        raise CallFailed(f"the model refused: {refusal or finish}", "refused", tokens=tokens)
    return Reply(message.content or "", *tokens, cut=finish == "length")


JUDGES.add("openai", vision_judge("openai", OpenAISettings, OpenAIServer))
