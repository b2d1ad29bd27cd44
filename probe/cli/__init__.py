"""The command line: parse, call, print. One module per verb, imported when the verb is used."""
