"""The clerks' pages: server-rendered, complete without script, built of KERN UX and a small layer of our own."""
