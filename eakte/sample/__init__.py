"""The sample municipality „Stadt Rodenbeck“: invented, made by the program, always the same.

`town` names what there is (units, people, dossiers) and yields the documents one by one; filing them is another
module's work. Nothing here reads a clock, a network or a database.
"""
