"""Audits in the formats that build servers, code hosts and viewers of models read."""
