"""Other programs' formats: one module each, reader and writer together."""
