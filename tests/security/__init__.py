"""What attackers send, and what must never be written down."""
