"""Looking again: archives read once more, two readings compared, the saved pages of the tests.

May import anything but `commands`.
"""
