"""What tests share: nothing about the language, everything about running things."""
