"""The settings of a session as keywords, each with its type, its limits and its place on the wire.

A setting that cannot be used is an error that names it, before anything is sent. Types, limits and places are
those of the vendor's published types (PyPI ``openai`` 3.54.0 and the API description).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from realtime_adapter.errors import ConfigurationError

_STRICT = ConfigDict(extra="forbid", strict=True)
_Name = Annotated[str, Field(min_length=1)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Duration = Annotated[int, Field(ge=0)]
Effort = Literal["minimal", "low", "medium", "high", "xhigh"]


class ServerVad(TypedDict, total=False):
    """Turns taken by silence.

    Attributes:
        type: ``server_vad``.
        threshold: How loud speech is, 0 to 1.
        prefix_padding_ms: How much before the speech belongs to it.
        silence_duration_ms: How much silence ends it.
        idle_timeout_ms: After how much silence the model speaks again, 5,000 to 30,000; None for never.
        create_response: Whether the end of speech asks for a response.
        interrupt_response: Whether speech stops a response in progress.
    """

    __pydantic_config__ = _STRICT  # type: ignore[misc]  # pydantic's own way
    type: Literal["server_vad"]
    threshold: _Share
    prefix_padding_ms: _Duration
    silence_duration_ms: _Duration
    idle_timeout_ms: Annotated[int, Field(ge=5_000, le=30_000)] | None
    create_response: bool
    interrupt_response: bool


class SemanticVad(TypedDict, total=False):
    """Turns taken by what is said.

    Attributes:
        type: ``semantic_vad``.
        eagerness: How soon the user is taken to have finished; ``auto`` is ``medium``.
        create_response: Whether the end of speech asks for a response.
        interrupt_response: Whether speech stops a response in progress.
    """

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    type: Literal["semantic_vad"]
    eagerness: Literal["low", "medium", "high", "auto"]
    create_response: bool
    interrupt_response: bool


class NoiseReduction(TypedDict, total=False):
    """Noise taken out of what the user says.

    Attributes:
        type: Where the microphone is.
        strength: How much is taken out.
    """

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    type: Literal["near_field", "far_field"]
    strength: float


class Transcription(TypedDict, total=False):
    """How what the user says is written down.

    Attributes:
        model: The model that does it.
        language: The language spoken, one of ISO 639-1.
        languages: The languages spoken; gpt-transcribe and gpt-live-transcribe only.
        keywords: Words to be expected; gpt-transcribe and gpt-live-transcribe only.
        prompt: What is to be expected; not for gpt-realtime-whisper.
        delay: How long to wait for more; gpt-realtime-whisper only.
    """

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    model: _Name
    language: _Name
    languages: Annotated[list[_Name], Field(min_length=1)]
    keywords: list[_Name]
    prompt: str
    delay: Effort


class Reasoning(TypedDict, total=False):
    """How hard a reasoning model thinks.

    Attributes:
        effort: How hard.
    """

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    effort: Effort


class TracingConfiguration(TypedDict, total=False):
    """What the vendor's traces of the session are filed under.

    Attributes:
        workflow_name: Name of the workflow.
        group_id: What joins several sessions.
        metadata: Anything else.
    """

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    workflow_name: str
    group_id: str
    metadata: dict[str, Any]


class _TokenLimits(TypedDict, total=False):
    __pydantic_config__ = _STRICT  # type: ignore[misc]
    post_instructions: Annotated[int, Field(ge=0)]


class _RetentionRatioRequired(TypedDict):
    __pydantic_config__ = _STRICT  # type: ignore[misc]
    type: Literal["retention_ratio"]
    retention_ratio: _Share


class RetentionRatio(_RetentionRatioRequired, total=False):
    """How much of a conversation that has grown too long is kept.

    Attributes:
        type: ``retention_ratio``.
        retention_ratio: The share that is kept, 0 to 1.
        token_limits: ``{"post_instructions": …}``, in tokens.
    """

    token_limits: _TokenLimits


class SessionSettings(TypedDict, total=False):
    """The settings of a session beside its voice, instructions, tools and transcription model.

    A setting that is not given is the server's to choose; None is sent as null.

    Attributes:
        output_modality: What the model answers with; audio comes with its words.
        turn_detection: Who says when the user has finished: None, the caller; else the server.
        noise_reduction: Noise taken out of what the user says.
        transcription: How it is written down, in place of ``transcription_model``; None: not at all.
        speed: How fast the model speaks, 0.25 to 1.5; changed only between turns.
        max_output_tokens: Bound on one response, 1 to 4,096, or ``inf``.
        parallel_tool_calls: Whether one response may call several functions; reasoning models only.
        reasoning: How hard the model thinks; reasoning models only.
        truncation: What becomes of a conversation that has grown too long.
        tracing: What the vendor's traces are filed under; once on, it cannot be changed.
        prompt: One of the vendor's stored prompts: ``{"id": …, "version": …, "variables": …}``.
        include: What else is sent.
    """

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    output_modality: Literal["audio", "text"]
    turn_detection: Annotated[ServerVad | SemanticVad, Field(discriminator="type")] | None
    noise_reduction: NoiseReduction | None
    transcription: Transcription | None
    speed: Annotated[float, Field(ge=0.25, le=1.5)]
    max_output_tokens: Annotated[int, Field(ge=1, le=4_096)] | Literal["inf"]
    parallel_tool_calls: bool
    reasoning: Reasoning
    truncation: Literal["auto", "disabled"] | RetentionRatio
    tracing: Literal["auto"] | TracingConfiguration | None
    prompt: dict[str, Any] | None
    include: list[Literal["item.input_audio_transcription.logprobs"]] | None


# Where a setting stands in the session, when not at its top under its own name.
_PLACES = {
    "turn_detection": ("audio", "input", "turn_detection"),
    "noise_reduction": ("audio", "input", "noise_reduction"),
    "transcription": ("audio", "input", "transcription"),
    "speed": ("audio", "output", "speed"),
    "voice": ("audio", "output", "voice"),
    "output_modality": ("output_modalities",),
}
# Which models a setting of the transcription is for (openai 3.54.0, audio_transcription.py).
_ONLY_FOR: dict[str, frozenset[str]] = {
    "languages": frozenset({"gpt-transcribe", "gpt-live-transcribe"}),
    "keywords": frozenset({"gpt-transcribe", "gpt-live-transcribe"}),
    "delay": frozenset({"gpt-realtime-whisper"}),
}


@cache
def _checked() -> TypeAdapter[SessionSettings]:
    return TypeAdapter(SessionSettings)


def check(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``settings`` once each is known to have the type and the limits that the protocol has there.

    Raises:
        ConfigurationError: one has not; ``param`` names it, down to the part that is wrong.
    """
    try:
        checked = dict(_checked().validate_python(dict(settings)))
    except ValidationError as error:
        # Of the branches that pydantic tried, the one that came furthest says what was meant.
        flaws = error.errors(include_url=False, include_input=False)
        flaw = max(flaws, key=lambda each: len(_path(each["loc"], settings)))
        param = ".".join(_path(flaw["loc"], settings))
        known = ", ".join(sorted(SessionSettings.__annotations__))
        raise ConfigurationError(
            f"{param} cannot be used: {flaw['msg']}.",
            remedy=f"Known settings are {known}." if flaw["type"] == "extra_forbidden" else "Correct it.",
            param=param,
        ) from None
    _check_transcription(checked.get("transcription") or {})
    return checked


def _path(location: tuple[str | int, ...], settings: Mapping[str, Any]) -> list[str]:
    """Return where a flaw is, without the names pydantic gives to the branches it tried."""
    path: list[str] = []
    found: Any = settings
    for step in location:
        if "[" in str(step):
            continue
        if isinstance(found, Mapping | list) and not path:
            found = found.get(step) if isinstance(found, Mapping) else None
        elif isinstance(found, Mapping) and (step in found or step == location[-1]):
            found = found.get(step)
        elif isinstance(found, list) and isinstance(step, int) and step < len(found):
            found = found[step]
        else:
            continue
        path.append(str(step))
    return path


def _check_transcription(transcription: Any) -> None:
    model = transcription.get("model", "")
    for setting, models in _ONLY_FOR.items():
        if setting in transcription and model not in models:
            raise ConfigurationError(
                f"transcription.{setting} is not for {model or 'a model that is not named'}.",
                remedy=f"Leave it out, or name {' or '.join(sorted(models))}.",
                param=f"transcription.{setting}",
            )
    if "prompt" in transcription and model == "gpt-realtime-whisper":
        raise ConfigurationError(
            f"transcription.prompt is not for {model}.",
            remedy="Leave it out, or name another model.",
            param="transcription.prompt",
        )


def place(session: dict[str, Any], settings: Mapping[str, Any]) -> None:
    """Put each setting where the session has it."""
    for name, value in settings.items():
        *way, last = _PLACES.get(name, (name,))
        here = session
        for step in way:
            here = here.setdefault(step, {})
        here[last] = [value] if name == "output_modality" else value
