"""Fuzzing: whatever strangers may hand over, made at random, and guided by what the code does with it."""
