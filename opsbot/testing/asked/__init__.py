"""Scripted answers to what people ask, part by part."""
