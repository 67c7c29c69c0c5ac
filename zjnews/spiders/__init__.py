"""Where pages come from: given addresses, channels, newspapers, saved pages."""
