"""What a name-reading box reads in payloads: DNS questions, ClientHellos, HTTP heads, QUIC."""
