"""The nouns of opsbot: frozen dataclasses and enums, standard library only."""
