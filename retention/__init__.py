"""The retention engine: how long records are kept, and how it is proven that the log about them is whole.

Values in, values out: no SQL, no settings, no clock. See README.md for the words and for what is not guaranteed.
"""
