"""An engine by the reference client, for the test: one position, its state on standard output."""

import json
import os
import sys
import threading

sys.path.insert(0, os.environ['VIGIA_CLIENT'])
from vigia_engine import Engine, Link, item  # noqa: E402


said = threading.Lock()


def tell(**fields):
    # Several threads tell; a line is whole.
    with said:
        print(json.dumps(fields), flush=True)


class Example(Engine):
    quantity = 5
    sold = 0
    #: What its venue or its disk refuses: cancel, flatten, load.
    broken = set()
    loaded = {'model': 'm1', 'version': '1', 'hash': '1' * 64}
    available = [loaded, {'model': 'm2', 'version': '2', 'hash': '2' * 64}]

    def set_mode(self, mode):
        self.mode = mode
        tell(mode=mode)

    def check(self, step):
        if step in self.broken:
            tell(failed=step)
            raise RuntimeError(f'{step} failed at the venue')

    def models(self):
        return self.loaded, self.available

    def load_model(self, model, version, hash):
        self.check('load')
        wanted = {'model': model, 'version': version, 'hash': hash}
        if wanted in self.available:
            self.loaded = wanted
        return self.loaded

    def cancel_all(self):
        self.check('cancel')
        return []

    def flatten(self):
        self.check('flatten')
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
link = Link(engine, sys.argv[1].split(','), os.environ['VIGIA_ENGINE_TOKEN'], say=lambda text: tell(said=text))


def on_command(line):
    command = json.loads(line)
    if command['do'] == 'telemetry':
        link.telemetry('equity', currency='USD', equity=float('nan'), dayStartEquity=None,
                       dayPeakEquity=None, realizedPnlToday=0.0, unrealizedPnl=1.5)
    if command['do'] == 'break':
        engine.broken = set(command['steps'])
        tell(broken=command['steps'])
    if command['do'] == 'card':
        card = {'model_id': 'm2', 'version': '2', 'model_hash': '2' * 64}
        link.send({'type': 'model.register', 'card': card})
    if command['do'] == 'elsewhere':
        engine.mode = 'killed'
        link.changed_elsewhere('killed', 'operator', 'by hand')


if __name__ == '__main__':
    threading.Thread(target=lambda: [on_command(line) for line in sys.stdin], daemon=True).start()
    link.run()
