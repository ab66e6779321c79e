"""Tests of how the chat is served."""
