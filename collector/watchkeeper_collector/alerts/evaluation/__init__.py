"""What rules find in the telemetry at a time."""
