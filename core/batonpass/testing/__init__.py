"""Shipped for whoever tests a connector: the emulators' base and how to serve one, failpoints."""
