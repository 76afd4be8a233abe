"""The papers' results, and the same quantities from the tables."""
