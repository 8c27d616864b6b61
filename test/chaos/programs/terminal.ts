// The terminal's link, log and mirror as it wires them, without windows, to be killed at any moment.
import { createDeskState, type DeskState } from '../../../src/main/desk';
import { createControlLink } from '../../../src/main/link/controlLink';
import { PLAIN_TRANSPORT } from '../../../src/main/link/transport';
import { MirrorCore } from '../../../src/main/mirror/core';
import { sha256 } from '../../../src/node/sha256';
import { quickPolicy } from '../../support/desk';

const [addresses = '', token = '', path = ''] = process.argv.slice(2);
const say = (text: string) => process.stdout.write(`${text}\n`);
const core = new MirrorCore({
  ...{ path, sha256, clock: Date.now },
  onStatus({ state, verifiedSeq, quarantinedTo }) {
    say(`mirror ${state} ${verifiedSeq} ${quarantinedTo ?? '-'}`);
  },
  onBadCheckpoint: (cause) => desk.diverged(cause),
});
const desk: DeskState = createDeskState({
  append(events) {
    core.take(events);
    core.flush();
  },
  quarantine(cause) {
    say(`diverged ${cause}`);
    void core.quarantine(cause).then((opened) => {
      desk.opened({ type: 'opened', ...opened });
      link.restart({ code: 'mirror_opening' });
    });
  },
  onFresh: () => undefined,
  changed: () => undefined,
});
const link = createControlLink({
  ...{ token: () => token, transport: () => PLAIN_TRANSPORT, embedded: false },
  ...{ clock: Date.now, random: Math.random, onFailed: () => undefined },
  uptime: () => performance.now(),
  terminal: { id: 'chaos-terminal', name: 'chaos', version: 'test' },
  times: { ...quickPolicy.link, heartbeatMs: 200, reconnectMinMs: 20, reconnectMaxMs: 100 },
  position: desk.position,
  onWelcome: desk.welcomed,
  onEvents: desk.take,
  onReplayed: desk.replayed,
  onCheckpoint(note) {
    core.checkpoint(note);
    core.flush();
  },
  ...{ onAnswer: () => undefined, onLease: () => undefined, onHealth: () => undefined },
  onDiverged: desk.diverged,
  onStranger: () => undefined,
  changed: () => undefined,
  onState: () => undefined,
});
desk.opened({ type: 'opened', ...(await core.open()) });
link.connect(addresses.split(','));
