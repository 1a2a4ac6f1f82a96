"""The command line. Data goes to standard output, everything said to people to standard error."""
