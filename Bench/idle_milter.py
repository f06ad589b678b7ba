"""A milter on python3-milter that does nothing: sees headers, lets the message pass behind them.

    idle_milter.py SOCKET
"""

import sys

import Milter


class Session(Milter.Base):
    @Milter.noreply
    def hello(self, name):
        return Milter.CONTINUE

    @Milter.noreply
    def envfrom(self, address, *parameters):
        return Milter.CONTINUE

    @Milter.noreply
    def envrcpt(self, address, *parameters):
        return Milter.CONTINUE

    def data(self):
        return Milter.CONTINUE

    @Milter.noreply
    def header(self, name, value):
        return Milter.CONTINUE

    def eoh(self):
        return Milter.ACCEPT


Milter.factory = Session
Milter.runmilter("idle-milter", sys.argv[1], timeout=600)
