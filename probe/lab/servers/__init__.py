"""The lab's servers: plain trio code over sockets that either executor hands out."""
