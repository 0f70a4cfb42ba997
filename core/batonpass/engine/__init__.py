"""Decides (pure), plans (data), executes; recovers after a crash."""

from batonpass.engine.execute import Engine
from batonpass.engine.world import Announcer, EngineSettings, Observer, SchemaCache, World

__all__ = ["Announcer", "Engine", "EngineSettings", "Observer", "SchemaCache", "World"]
