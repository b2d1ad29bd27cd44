"""The only door to the network: one DNS question, one connection, one handshake, one exchange.

A failure of the network is a value here, never an exception: `Failure`, named by errno and by raw
bytes, never by the text of a message.
"""
