"""The adapter of langwatch-scenario, driven by this suite: ``-D adapter=support.langwatch_scenario:Adapter``.

Needs the package (requirements-adapters.txt, or requirements-adapters-beta.txt for the last release that
spoke the beta). The adapter's source stays as it is; bridged is what differs in how it is driven:

* where it connects: its address is a property made of a template, here of the ``url`` it is given;
* whom it speaks for: its own enumeration, which has the values of ours;
* the end of a turn: the adapter does not say it. Its framework waits for a silence after the first slice
  (``response_tail_silence``), and so does the bridge, which then hands out the empty chunk;
* client secrets: never minted unless asked for, so that nobody but the endpoint is called.
"""

from __future__ import annotations

import inspect
import os
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or importing it asks the network for prices

from scenario.types import AgentRole
from scenario.voice.adapters.openai_realtime import OpenAIRealtimeAgentAdapter
from scenario.voice.audio_chunk import AudioChunk

_THEIRS = inspect.signature(OpenAIRealtimeAgentAdapter)
_URL = inspect.Parameter("url", inspect.Parameter.KEYWORD_ONLY, default="")


class Adapter(OpenAIRealtimeAgentAdapter):  # type: ignore[misc]
    """The package's adapter, with this suite's ``url``, role and end of a turn."""

    __module__ = OpenAIRealtimeAgentAdapter.__module__  # its documentation is the one that counts
    __signature__ = _THEIRS.replace(parameters=[*_THEIRS.parameters.values(), _URL])

    def __init__(self, *, url: str = "", role: Any = AgentRole.AGENT, **options: Any) -> None:
        if "mint" in _THEIRS.parameters:
            options.setdefault("mint", False)
        super().__init__(role=AgentRole(role.value), **options)
        self._endpoint = url
        self._answering = False

    @property
    def url(self) -> str:
        """The address that is dialled."""
        return f"{self._endpoint}?model={self.model}" if self._endpoint else str(super().url)

    async def recv_audio(self, timeout: float) -> Any:
        """Return the next slice; an empty one after the silence that ends a turn in the framework."""
        patience_s = min(timeout, self.response_tail_silence) if self._answering else timeout
        try:
            chunk = await super().recv_audio(patience_s)
        except TimeoutError:
            if not self._answering:
                raise
            chunk = AudioChunk(data=b"")
        self._answering = bool(chunk.data)
        return chunk
