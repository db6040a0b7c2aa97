"""Frameworks over the clients, each in a process of its own, over OpenAI's real client."""
