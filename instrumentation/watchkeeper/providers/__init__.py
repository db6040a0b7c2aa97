"""One small module per provider: pure readers, and where its client is wrapped."""
