# pragma version 0.4.3
"""
@title   A council of whoever calls it
@license Apache-2.0
"""

paused: public(HashMap[address, bool])


@external
def set_paused(target: address, paused: bool):
    self.paused[target] = paused


@external
def relay(target: address, data: Bytes[2048]) -> Bytes[256]:
    return raw_call(target, data, max_outsize=256)
