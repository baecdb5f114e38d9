# Nothing is said: every default.
