"""Configuration, the registry of connectors, and the wiring: the only place where everything meets."""
