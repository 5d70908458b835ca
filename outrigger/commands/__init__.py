"""What stands behind the command line: one module a command, arguments in, a result to print out."""
