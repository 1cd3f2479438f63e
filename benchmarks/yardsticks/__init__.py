"""The same hops without SignalStream: what its figures are compared with."""
