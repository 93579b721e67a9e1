"""Staff pages: what is foreseen, and how it is trained."""
