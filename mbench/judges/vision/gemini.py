"""The judge `gemini`: Google's models, by the google-genai library."""

from __future__ import annotations

import re
from typing import Any

from mbench.judges.base import JUDGES
from mbench.judges.vision.judge import vision_judge
from mbench.judges.vision.server import CallFailed, Media, Reply, Request, seconds_to_wait, transport_failure
from mbench.judges.vision.settings import Settings

API = "v1beta"  # whatever version of the library; it has schemas and the frame rate of videos
ENDS_WELL = ("STOP", "MAX_TOKENS", "FINISH_REASON_UNSPECIFIED", "")
SCHEMA_WORDS = ("response_schema", "responseschema", "mime_type", "mimetype", "json mode", "json_schema")


class GeminiSettings(Settings):
    """A Gemini model, by Google's API; the family of models of the published judge.

    It tells what the motion shows, and then picks a text or says whether one fits; see docs/judges.md.
    """

    model: str = "gemini-2.5-flash"
    base_url: str = "https://generativelanguage.googleapis.com"
    api_key_env: str | None = "GEMINI_API_KEY"

    @property
    def hosted(self) -> bool:
        """Return whether this is the server that never answers without a key."""
        return self.base_url == GeminiSettings.model_fields["base_url"].default


class GeminiServer:
    """Sends requests as `generateContent`.

    Args:
        settings: of the judge.
        key: the API key, empty for none.
    """

    package, extra = "google.genai", "gemini"

    def __init__(self, settings: Settings, key: str) -> None:
        from google import genai
        from google.genai import types

        self._settings = settings
        http = types.HttpOptions(
            base_url=settings.base_url, api_version=API, timeout=round(settings.timeout * 1000)
        )  # fmt: skip
        self._client = genai.Client(api_key=key or "none", vertexai=False, http_options=http)
        self._schemas = True  # until the server refuses one

    def send(self, request: Request) -> Reply:
        """Send one call; a schema that the server refuses is left out of this and all further ones.

        Raises:
            CallFailed: no reply.
        """
        schema = self._schemas and request.schema is not None
        try:
            return _reply(self._generate(request, schema))
        except CallFailed as failure:
            words = any(word in str(failure).lower() for word in SCHEMA_WORDS)
            if not (schema and words and failure.status == 400 and self._settings.structured == "auto"):
                raise
        self._schemas = False
        return _reply(self._generate(request, False))

    def _generate(self, request: Request, schema: bool) -> Any:
        """Return what the library makes of the reply.

        Raises:
            CallFailed: no reply.
        """
        from google.genai import errors, types

        s = self._settings
        config = types.GenerateContentConfig(
            system_instruction=request.system, temperature=s.temperature, seed=request.seed,
            max_output_tokens=s.max_tokens, response_mime_type="application/json" if schema else None,
            response_schema=_schema(request) if schema else None,
        )  # fmt: skip
        contents = types.Content(role="user", parts=[*_parts(request.media), types.Part(text=request.text)])
        try:
            return self._client.models.generate_content(model=s.model, contents=contents, config=config)
        except errors.APIError as error:
            raise CallFailed(str(error.message or error), "status", error.code, _wait(error)) from error
        except Exception as error:  # a reply that is no JSON raises whatever the library did not expect
            raise transport_failure(error) from error


def _schema(request: Request) -> Any:
    """Return the schema in the subset of JSON schema that the API takes."""
    schema = dict(request.schema or {})
    schema.pop("additionalProperties", None)
    return {**schema, "propertyOrdering": schema["required"]}


def _parts(media: Media) -> list[Any]:
    """Return the media in the request itself; of a video, every picture is to be looked at."""
    from google.genai import types

    seen = None if media.fps is None else types.VideoMetadata(fps=media.fps)
    return [
        types.Part(inline_data=types.Blob(data=data, mime_type=media.kind), video_metadata=seen) for data in media.files
    ]


def _wait(error: Any) -> float | None:
    """Return the seconds that a refusal asks to wait: in a header, or as `retryDelay` in its details."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    asked = seconds_to_wait(headers) if headers is not None else None
    found = re.search(r"retryDelay\W+(\d+(?:\.\d+)?)s", str(getattr(error, "details", "")))
    return float(found[1]) if asked is None and found else asked


def _reply(response: Any) -> Reply:
    """Return the text of a response.

    Raises:
        CallFailed: it holds none, or the model refused.
    """
    usage = response.usage_metadata
    received = [getattr(usage, f"{kind}_token_count", None) for kind in ("candidates", "thoughts")]
    tokens = (getattr(usage, "prompt_token_count", None), sum(n or 0 for n in received) if any(received) else None)
    blocked = getattr(response.prompt_feedback, "block_reason", None)
    candidate = (response.candidates or [None])[0]
    if candidate is None:
        if blocked:
            raise CallFailed(f"the request was blocked: {_name(blocked)}", "refused", tokens=tokens)
        raise CallFailed("a response without candidates", "malformed", tokens=tokens)
    finish = _name(candidate.finish_reason)
    if finish not in ENDS_WELL:
        raise CallFailed(f"the model refused: {finish}", "refused", tokens=tokens)
    parts = (candidate.content.parts if candidate.content else None) or []
    text = "".join(part.text or "" for part in parts if not part.thought)
    return Reply(text, *tokens, cut=finish == "MAX_TOKENS")


def _name(value: Any) -> str:
    """Return the name of a value that is an enumeration's, text, or None."""
    return str(getattr(value, "name", value) or "")


JUDGES.add("gemini", vision_judge("gemini", GeminiSettings, GeminiServer))
