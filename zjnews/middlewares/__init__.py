"""What may be asked for, and how often."""
