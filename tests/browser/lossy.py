"""A client that loses the last sample of each slice it hears, for a run that has to be red."""

from __future__ import annotations

from realtime_adapter import AudioChunk, OpenAIRealtimeAgentAdapter


class Lossy(OpenAIRealtimeAgentAdapter):
    """The adapter, a little deaf."""

    async def recv_audio(self, timeout: float) -> AudioChunk:
        """Return the next slice without its last sample."""
        heard = await super().recv_audio(timeout)
        return AudioChunk(heard.data[:-2])
