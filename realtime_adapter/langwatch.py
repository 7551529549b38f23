"""The adapter as an agent of langwatch-scenario: in place of its own, by changing the import.

::

    from realtime_adapter.langwatch import OpenAIRealtimeAgentAdapter

    result = await scenario.run(agents=[OpenAIRealtimeAgentAdapter(voice="marin")], script=[...], ...)

``langwatch-scenario`` is not needed by anything else here; requirements-adapters.txt has it. Its agent is
called once for each turn, speaks what the user said last, hears the whole answer and returns it as a message
of OpenAI's chat API; what of that is not the wire is inherited from its ``VoiceAgentAdapter``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

from scenario.types import AgentInput, AgentReturnTypes
from scenario.types import AgentRole as ScenarioRole
from scenario.voice import AdapterCapabilities, VoiceAgentAdapter
from scenario.voice import AudioChunk as ScenarioChunk
from scenario.voice.adapters.openai_realtime import OpenAIRealtimeAgentAdapter as ItsOwn

from realtime_adapter import adapter
from realtime_adapter.audio import AudioChunk
from realtime_adapter.client_secrets import MintEndpoint

__all__ = ["OpenAIRealtimeAgentAdapter"]


class OpenAIRealtimeAgentAdapter(adapter.OpenAIRealtimeAgentAdapter, ItsOwn):
    """A voice agent, or a voiced user, of ``scenario.run()`` that is a Realtime session.

    A turn ends with ``response.done``: neither a pause ends it early nor its length. It passes for the agent
    it stands in for, because ``scenario.run()`` looks for that very class when a user is to be voiced;
    nothing of that agent's own is run.

    Args:
        mint: As in the base class; without it, secrets are minted when ``OPENAI_API_KEY`` is set, as
            langwatch-scenario does.
        arguments: Those of ``realtime_adapter.OpenAIRealtimeAgentAdapter``.

    Raises:
        ConfigurationError: an argument cannot be used; ``param`` names it.
    """

    capabilities: ClassVar[AdapterCapabilities] = AdapterCapabilities(
        streaming_transcripts=True,
        native_vad=True,
        interruption=True,
        input_formats=["pcm16/24000"],
        output_formats=["pcm16/24000"],
    )

    # Both are for transports that cannot tell the end of a turn. This one can.
    response_tail_silence = VoiceAgentAdapter.response_timeout
    response_max_duration = math.inf

    def __init__(self, *arguments: Any, mint: bool | MintEndpoint | None = None, **keywords: Any) -> None:
        VoiceAgentAdapter.__init__(self)
        super().__init__(*arguments, mint=mint, **keywords)
        self.role: Any = ScenarioRole(self.role.value)  # it looks for its agents by its own enumeration
        self._words: str | None = None

    def is_connected(self) -> bool:
        """Whether audio can be exchanged."""
        return self.connected

    async def send_audio(self, chunk: ScenarioChunk | AudioChunk) -> None:
        """Add audio to the input buffer; see the base class."""
        await super().send_audio(AudioChunk(chunk.data))

    async def recv_audio(self, timeout: float) -> ScenarioChunk:
        """Return the next slice of the answer; an empty chunk, once, when the turn is over."""
        chunk = await super().recv_audio(timeout)
        if not chunk.data:
            self._words = chunk.transcript
        return ScenarioChunk(chunk.data, transcript=chunk.transcript)

    async def call(self, input: AgentInput) -> AgentReturnTypes:
        """Take the agent's turn in a scenario.

        Returns:
            The message that was spoken, with its audio and its words; when the model called functions, a list
            of it and of one message that holds the calls.
        """
        spoken = await VoiceAgentAdapter.call(self, input)
        calls = self.last_tool_calls
        return [spoken, {"role": "assistant", "content": None, "tool_calls": calls}] if calls else spoken

    async def _drain_agent_response(self, on_first_chunk: Callable[[], None] | None = None) -> ScenarioChunk:
        self._words = None
        whole = await VoiceAgentAdapter._drain_agent_response(self, on_first_chunk=on_first_chunk)
        return ScenarioChunk(whole.data, transcript=self._words)
