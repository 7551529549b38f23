"""The part an adapter plays in a scenario."""

from enum import Enum


class AgentRole(Enum):
    """Whom the model speaks for; the values are those of langwatch-scenario's enumeration."""

    USER = "User"
    AGENT = "Agent"
