"""What can be done: one function is one act. An operation takes its transaction first and never commits."""
