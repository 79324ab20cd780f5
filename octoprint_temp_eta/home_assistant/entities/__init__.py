"""The entities and triggers, as rows."""
