"""The outage drill: a service goes down for a while, and many runs want something of it.

Four worker processes with five slots each make the calls of a stream of runs. The drill is run three times: without a
breaker, with a breaker in each run, and with a shared one. It counts what reaches the service while it is down, how
long recovery takes, and how much comes at once after it.
"""
