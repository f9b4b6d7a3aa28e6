"""Text to vector: one interface, an offline default, and others by setting."""
