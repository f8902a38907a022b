"""One module an engine: what runs a model for real on this machine."""
