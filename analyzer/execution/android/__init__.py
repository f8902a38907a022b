"""Runs on a phone over adb."""
