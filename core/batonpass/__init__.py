"""batonpass: warm handoffs from an AI support agent to a person."""

__version__ = "0.1.0"
