"""An engine by the reference client, for the test: one position, its state on standard output."""

import json
import os
import sys

sys.path.insert(0, os.environ['VIGIA_CLIENT'])
from vigia_engine import Engine, Link, item  # noqa: E402


def tell(**fields):
    print(json.dumps(fields), flush=True)


class Example(Engine):
    quantity = 5
    sold = 0

    def set_mode(self, mode):
        self.mode = mode
        tell(mode=mode)

    def cancel_all(self):
        return []

    def flatten(self):
        quantity, self.quantity = self.quantity, 0
        self.sold += quantity
        tell(sold=self.sold)
        if quantity == 0:
            return []
        return [item('position', 'p1', 'done', instrument='USD/COP', quantity=quantity)]

    def read_back(self):
        if self.quantity == 0:
            return [], []
        position = {
            'id': 'p1',
            'instrument': 'USD/COP',
            'side': 'long',
            'quantity': self.quantity,
            'entryPrice': 4000.0,
            'markPrice': float('nan'),
            'notional': None,
            'currency': 'USD',
            'unrealizedPnl': None,
        }
        return [position], []


engine = Example(id='py-1', name='Python', instruments=['USD/COP'])
link = Link(engine, sys.argv[1], os.environ['VIGIA_ENGINE_TOKEN'], say=lambda text: tell(said=text))


def on_command(line):
    command = json.loads(line)
    if command['do'] == 'telemetry':
        link.telemetry('equity', currency='USD', equity=float('nan'), dayStartEquity=None,
                       dayPeakEquity=None, realizedPnlToday=0.0, unrealizedPnl=1.5)
    if command['do'] == 'elsewhere':
        engine.mode = 'killed'
        link.changed_elsewhere('killed', 'operator', 'by hand')


if __name__ == '__main__':
    import threading

    threading.Thread(target=lambda: [on_command(line) for line in sys.stdin], daemon=True).start()
    link.run()
