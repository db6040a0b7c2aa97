"""The REST API: one router per noun, one error shape."""
