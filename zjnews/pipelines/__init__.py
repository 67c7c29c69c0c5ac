"""What an item goes through after its loader: one concern a module, ordered in `settings.py`."""
