"""The engine's side of Vigía's `vigia.engine.v1`, in one file and with the standard library alone.

Derive from `Engine`, say in its methods how your system is stopped, flattened and read, and run it::

    class MyEngine(Engine):
        def set_mode(self, mode): ...
        def cancel_all(self): ...
        def flatten(self): ...
        def read_back(self): return positions, working_orders

    Link(MyEngine(id='mine', name='Mine', instruments=['USD/COP']),
         url='ws://127.0.0.1:8760', token=os.environ['VIGIA_ENGINE_TOKEN']).run()

The rules are in docs/engines.md. The ones that cost money: take the mode before anything is traded;
do an operation once, however often its id comes; flatten reduces and never turns a position; read back
from the venue and never from memory; say `unknown` for what you do not know.
"""

import base64
import hashlib
import json
import math
import os
import random
import socket
import ssl
import struct
import threading
import time
from urllib.parse import urlsplit

SUBPROTOCOL = 'vigia.engine.v1'
PATH = '/v1/engine'
MAX_FRAME_BYTES = 1_048_576
RECONNECT_MIN_S = 0.2
RECONNECT_MAX_S = 10.0
HANDSHAKE_S = 5.0
#: Of a gateway's silence, where there is another to go to; never fewer beats than these.
SILENCE_S = 3.0
BEATS_MISSED = 3
REPLACED = 4409
FORBIDDEN = 4403
LOOPBACK = ('127.0.0.1', '::1', 'localhost')
_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'


class Closed(Exception):
    """The socket is closed; `code` is the peer's close code, None without one."""

    def __init__(self, code=None, reason=''):
        super().__init__(f'closed {code or ""} {reason}'.strip())
        self.code = code


def check_address(url, plain_accepted=False):
    """Refuses an address that would carry the token in plain text to another machine."""
    parts = urlsplit(url)
    if parts.scheme not in ('ws', 'wss'):
        raise ValueError('the address begins with ws:// or wss://')
    plain = parts.scheme == 'ws' and parts.hostname not in LOOPBACK
    if plain and not plain_accepted:
        raise ValueError('ws:// to another machine shows the token: wss://, or plain_accepted=True')
    return plain


class WebSocket:
    """As much of RFC 6455 as a client needs: text frames, fragments, ping, close, TLS."""

    def __init__(self, url, token, ca_file=None, timeout=HANDSHAKE_S):
        parts = urlsplit(url)
        tls = parts.scheme == 'wss'
        port = parts.port or (443 if tls else 80)
        raw = socket.create_connection((parts.hostname, port), timeout=timeout)
        if tls:
            raw = ssl.create_default_context(cafile=ca_file).wrap_socket(
                raw, server_hostname=parts.hostname
            )
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = raw
        self._timeout = timeout
        self._buffer = b''
        self._lock = threading.Lock()
        self._fragments = b''
        try:
            self._handshake(f'{parts.hostname}:{port}', token)
        except BaseException:
            raw.close()
            raise

    def _handshake(self, host, token):
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            f'GET {PATH} HTTP/1.1',
            f'Host: {host}',
            'Upgrade: websocket',
            'Connection: Upgrade',
            f'Sec-WebSocket-Key: {key}',
            'Sec-WebSocket-Version: 13',
            f'Sec-WebSocket-Protocol: {SUBPROTOCOL}',
            f'Authorization: Bearer {token}',
        )
        self._socket.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode())
        while b'\r\n\r\n' not in self._buffer:
            if len(self._buffer) > 65_536:
                raise Closed(None, 'no answer to the handshake')
            self._fill()
        head, self._buffer = self._buffer.split(b'\r\n\r\n', 1)
        status, *headers = head.decode('latin-1').split('\r\n')
        fields = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(':') for line in headers)
        }
        wanted = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
        if ' 101 ' not in f'{status} ':
            raise Closed(None, status)
        if fields.get('sec-websocket-accept') != wanted:
            raise Closed(None, 'the handshake is not a WebSocket’s')
        if fields.get('sec-websocket-protocol') != SUBPROTOCOL:
            raise Closed(None, f'the gateway does not speak {SUBPROTOCOL}')

    def _fill(self):
        part = self._socket.recv(65_536)
        if not part:
            raise Closed()
        self._buffer += part

    def _take(self, count):
        while len(self._buffer) < count:
            self._fill()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def receive(self, timeout):
        """The next text, or None when none came within `timeout` seconds. Raises Closed."""
        self._socket.settimeout(timeout)
        if not self._buffer:
            try:
                self._fill()
            except (socket.timeout, ssl.SSLWantReadError):
                return None
        # A frame that has begun is read to its end: half of one is never thrown away.
        self._socket.settimeout(self._timeout)
        try:
            return self._frame()
        except socket.timeout:
            raise Closed(None, 'half a frame') from None

    def _frame(self):
        first, second = self._take(2)
        opcode, final = first & 0x0F, bool(first & 0x80)
        length = second & 0x7F
        if first & 0x70 or second & 0x80:
            raise Closed(1002, 'a frame no server sends')
        if length == 126:
            (length,) = struct.unpack('>H', self._take(2))
        elif length == 127:
            (length,) = struct.unpack('>Q', self._take(8))
        if length > MAX_FRAME_BYTES or len(self._fragments) + length > MAX_FRAME_BYTES:
            raise Closed(1009, 'a frame too large')
        payload = self._take(length)
        if opcode == 0x8:
            code = struct.unpack('>H', payload[:2])[0] if length >= 2 else None
            raise Closed(code, payload[2:].decode('utf-8', 'replace'))
        if opcode == 0x9:
            self._send(0xA, payload)
            return None
        if opcode not in (0x0, 0x1):
            return None
        self._fragments += payload
        if not final:
            return None
        text, self._fragments = self._fragments.decode('utf-8', 'replace'), b''
        return text

    def send(self, text):
        self._send(0x1, text.encode())

    def _send(self, opcode, payload):
        length = len(payload)
        if length < 126:
            head = struct.pack('>BB', 0x80 | opcode, 0x80 | length)
        elif length < 65_536:
            head = struct.pack('>BBH', 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack('>BBQ', 0x80 | opcode, 0x80 | 127, length)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        # Many threads report; a frame goes out whole.
        with self._lock:
            self._socket.sendall(head + mask + masked)

    def close(self):
        try:
            self._send(0x8, struct.pack('>H', 1001))
        except OSError:
            pass
        self._socket.close()


def item(kind, id, outcome, detail=None, **more):
    """What became of one thing: outcome is done, rejected, skipped or unknown."""
    return {'kind': kind, 'id': id, 'outcome': outcome, **({'detail': detail} if detail else {}), **more}


class Engine:
    """What your system does. Methods may be called from several threads at once."""

    #: The mode it is in: normal, reducing (closes only), paused (finishes) or killed.
    mode = 'paused'

    def __init__(self, id, name, instruments, environment='paper', kind='generic', software='python'):
        self.about = {
            'id': id,
            'name': name,
            'kind': kind,
            'environment': environment,
            'instruments': list(instruments),
            'software': software,
        }
        self.link = None

    def set_mode(self, mode):
        """Take a mode before this returns. Raise what cannot be done."""
        self.mode = mode

    def cancel_all(self):
        """Cancel every working order. Return an item for each."""
        raise NotImplementedError

    def flatten(self):
        """Close every position by orders that only reduce. Return an item for each."""
        raise NotImplementedError

    def read_back(self):
        """Read from the venue, now. Return (positions, working orders), or raise."""
        raise NotImplementedError

    def models(self):
        """What it runs and what it could: (loaded or None, [available])."""
        return None, []

    def load_model(self, model, version, hash):
        """Run that artifact and no other. Return what runs now, as models() has it."""
        raise NotImplementedError('this engine loads no models')


class Link:
    """Keeps an engine and its gateway together: for ever, once per operation, and safe in silence."""

    def __init__(self, engine, url, token, ca_file=None, say=None, plain_accepted=False):
        """`url` is a gateway's address, or a list of those of gateways that share one log.

        `plain_accepted` takes ws:// to another machine, where the network shows the token.
        """
        urls = [url] if isinstance(url, str) else list(url)
        plain = [one for one in urls if check_address(one, plain_accepted)]
        self.engine = engine
        engine.link = self
        self._urls, self._token, self._ca = urls, token, ca_file
        self._say = say or (lambda text: None)
        for one in plain:
            self._say(f'{one}: not encrypted, the token travels readable')
        self._socket = None
        self._registered = False
        self._seq = 0
        self._seq_lock = threading.Lock()
        self._operations = {}
        self._operations_lock = threading.Lock()
        #: The last word of any gateway that it was registered at: what the dead man goes by.
        self._heard = time.monotonic()
        self._dead_man_s = 10.0
        self._dead_man_action = 'pause'
        self._beat_s = 1.0
        #: When each ping that has no answer yet went out: who hears no ping hears no report either.
        self._unanswered = []
        self._self_paused_at = None
        self._stopped = threading.Event()

    def stop(self):
        self._stopped.set()
        if self._socket:
            self._socket.close()

    def run(self):
        """Connects until stop() is called, or the gateway will have no more of this engine."""
        watch = threading.Thread(target=self._watch, daemon=True)
        watch.start()
        attempts = turn = 0
        while not self._stopped.is_set():
            try:
                url = self._urls[turn % len(self._urls)]
                timeout = HANDSHAKE_S if len(self._urls) == 1 else min(HANDSHAKE_S, self._patience())
                self._socket = WebSocket(url, self._token, self._ca, timeout)
                self._register()
                if self._serve():
                    attempts = 0
            except Closed as closed:
                self._say(str(closed))
                if closed.code in (REPLACED, FORBIDDEN):
                    self._stop_trading('pause')
                    return
            except OSError as error:
                self._say(str(error))
            registered, self._registered = self._registered, False
            if self._socket:
                self._socket.close()
            turn += 1
            attempts = 1 if registered else attempts + 1
            # At once while there is a gateway that was not tried, then after a full jitter.
            passes = attempts // len(self._urls)
            floor = RECONNECT_MIN_S if passes else 0.0
            ceiling = min(RECONNECT_MAX_S, RECONNECT_MIN_S * 2**passes)
            self._stopped.wait(floor + random.random() * (ceiling - floor))

    # -- what an engine reports ------------------------------------------------------------------

    def telemetry(self, kind, **fields):
        """Reports an item of docs/engines.md's kinds. A figure that is no number becomes null."""
        if not self._registered:
            return
        with self._seq_lock:
            self._seq += 1
            entry = {'kind': kind, 'seq': self._seq, 'ts': now_ms(), **fields}
            self.send({'type': 'telemetry', 'items': [entry]})

    def changed_elsewhere(self, mode, by, reason=None):
        """Somebody changed its mode by another way than the gateway."""
        self.send({'type': 'mode.changed', 'mode': mode, 'by': by, 'reason': reason, 'at': now_ms()})

    def send(self, message):
        try:
            self._socket.send(json.dumps(finite(message), allow_nan=False))
        except (OSError, AttributeError):
            pass

    # -- the protocol ----------------------------------------------------------------------------

    def _register(self):
        loaded, available = self.engine.models()
        self.send({
            'type': 'register',
            'engine': self.engine.about,
            'mode': self.engine.mode,
            'selfPausedAt': self._self_paused_at,
            'loaded': loaded,
            'available': available,
            'time': now_ms(),
        })

    def _patience(self):
        """Seconds a connection may be silent, or leave a ping without its answer.

        With another gateway to go to, less than the dead man waits.
        """
        if len(self._urls) == 1:
            return self._dead_man_s
        return min(self._dead_man_s, max(SILENCE_S, BEATS_MISSED * self._beat_s))

    def _serve(self):
        beat = alive = time.monotonic()
        self._unanswered = []
        while not self._stopped.is_set():
            text = self._socket.receive(0.1)
            if self._registered and time.monotonic() - beat >= self._beat_s:
                beat = time.monotonic()
                self._unanswered.append(beat)
                self.send({'type': 'ping', 'time': now_ms()})
            # A link can be dead without a word, also one way. The mode comes with a new one.
            answered = min([alive, *self._unanswered[:1]])
            if text is None:
                if time.monotonic() - answered >= self._patience():
                    raise Closed(None, 'the gateway is silent')
                continue
            try:
                order = json.loads(text)
                type_ = order['type']
            except (ValueError, TypeError, KeyError):
                continue
            alive = time.monotonic()
            # A gateway that has not taken the engine cannot stop it.
            if self._registered or type_ == 'registered':
                self._heard = alive
            self._obey(type_, order)
        return self._registered

    def _obey(self, type_, order):
        if type_ == 'registered':
            # The mode first: nothing is traded in another one.
            self.engine.set_mode(order['mode'])
            self._dead_man_s = order['deadManMs'] / 1000
            self._dead_man_action = order.get('deadManAction', 'pause')
            self._beat_s = order['heartbeatMs'] / 1000
            self._self_paused_at = None
            with self._seq_lock:
                self._seq = 0
            self._registered = True
        elif type_ == 'op':
            self._operate(order['opId'], order['operation'])
        elif type_ == 'op.query':
            self._query(order['opId'])
        elif type_ == 'ping':
            self.send({'type': 'pong', 'time': now_ms(), 'echo': order['time']})
        elif type_ == 'pong':
            del self._unanswered[:1]
        elif type_ == 'error':
            self._say(f'the gateway refused a message: {order.get("code")} {order.get("message")}')

    def _operate(self, op_id, operation):
        if operation['op'] != 'read_back':
            with self._operations_lock:
                known = self._operations.get(op_id)
                if known is None:
                    self._operations[op_id] = {'state': 'accepted', 'items': []}
            if known is not None:
                self.send({'type': 'op.update', 'opId': op_id, **known})
                return
        self.send({'type': 'op.update', 'opId': op_id, 'state': 'accepted', 'items': []})
        # Beside the reading: a venue that is slow must not keep the link from its heartbeat.
        threading.Thread(target=self._carry_out, args=(op_id, operation), daemon=True).start()

    def _carry_out(self, op_id, operation):
        name = operation['op']
        try:
            outcome = self._do(name, operation)
        except NotImplementedError as error:
            outcome = {'items': [item('engine', 'engine', 'rejected', str(error)[:500] or name)]}
        except Exception as error:  # noqa: BLE001 what it did before it failed nobody knows
            outcome = {'items': [item('engine', 'engine', 'unknown', repr(error)[:500])]}
        settled = {'state': 'settled', **outcome}
        if name != 'read_back':
            with self._operations_lock:
                self._operations[op_id] = settled
        self.send({'type': 'op.update', 'opId': op_id, **settled})

    def _do(self, name, operation):
        engine = self.engine
        if name == 'block':
            engine.set_mode('killed')
            return {'items': [item('engine', 'engine', 'done')]}
        if name == 'set_mode':
            engine.set_mode(operation['mode'])
            return {'items': [item('engine', 'engine', 'done')]}
        if name == 'cancel':
            return {'items': list(engine.cancel_all())}
        if name == 'flatten':
            return {'items': list(engine.flatten())}
        if name == 'read_back':
            with self._seq_lock:
                seq = self._seq
            as_of = now_ms()
            positions, orders = engine.read_back()
            held = {'asOf': as_of, 'positions': positions, 'workingOrders': orders, 'telemetrySeq': seq}
            return {'items': [], 'readBack': held}
        if name == 'load_model':
            wanted = operation['model'], operation['version'], operation['hash']
            loaded = engine.load_model(*wanted)
            runs = loaded is not None and (loaded['model'], loaded['hash']) == (wanted[0], wanted[2])
            return {'items': [item('model', wanted[0], 'done' if runs else 'unknown')], 'loaded': loaded}
        raise NotImplementedError(f'no operation {name}')

    def _query(self, op_id):
        with self._operations_lock:
            known = self._operations.get(op_id)
        answer = {'known': False} if known is None else {'known': True, **known}
        self.send({'type': 'op.status', 'opId': op_id, **answer})

    # -- the dead-man switch ---------------------------------------------------------------------

    def _watch(self):
        while not self._stopped.wait(0.1):
            silent = time.monotonic() - self._heard
            if silent < self._dead_man_s or self.engine.mode not in ('normal', 'reducing'):
                continue
            self._self_paused_at = now_ms()
            self._say(f'heard nothing for {silent:.1f} s: {self._dead_man_action}')
            self._stop_trading(self._dead_man_action)
            self.send({
                'type': 'self.paused',
                'at': self._self_paused_at,
                'silentMs': silent * 1000,
                'action': self._dead_man_action,
            })

    def _stop_trading(self, action):
        steps = [lambda: self.engine.set_mode('paused')]
        if action == 'flatten':
            steps += [self.engine.cancel_all, self.engine.flatten]
        # Each for itself: an order that cannot be cancelled keeps nothing open.
        for step in steps:
            try:
                step()
            except Exception as error:  # noqa: BLE001 there is nobody to tell but the log
                self._say(f'could not stop: {error!r}')


def now_ms():
    return int(time.time() * 1000)


def finite(value):
    """NaN and infinity are no JSON: a figure that is none is null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(one) for one in value]
    return value
