"""Where pages come from: given addresses, channels, newspapers, saved pages.

May import anything but `commands` and `review`.
"""
