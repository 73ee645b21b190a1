"""Forms: one question at a time, every answer kept before the next question."""
