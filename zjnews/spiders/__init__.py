"""Where pages come from: given addresses (`article`), saved pages (`archive`)."""
