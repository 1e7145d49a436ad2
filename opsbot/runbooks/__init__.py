"""Runbooks: files in Markdown, read without ever running anything that stands in them."""
