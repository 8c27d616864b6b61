import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/gateway/facts';
import {
  drillCommands,
  drillExtent,
  isDrilled,
  isOfDrill,
  whyNoDrill,
} from '../../../src/renderer/desk/drill.state';
import { deskFact, engineFacts, incidentDesk, killFact } from '../../support/incidents';

function desk(environment: 'paper' | 'live' = 'paper') {
  const own = incidentDesk();
  own.append([deskFact(environment), ...engineFacts('e1', environment)]);
  return own;
}

const drillFact: Fact = {
  type: 'drill.started',
  data: {
    ...{ drill: 'd1', engines: ['e1'], origin: 'person' },
    ...{ timeoutMs: 1, pressMs: 1, resume: 'person' },
  },
};

describe('a rehearsal on the screen', () => {
  it('is known by its command, its engines and its own events', () => {
    const own = desk();
    expect(drillExtent(own.state())).toBe('none');
    own.append([drillFact, killFact(true)], 'ana', 'd1');
    const drills = drillCommands(own.state());
    expect(drillExtent(own.state())).toBe('only');
    expect(isDrilled(own.state(), 'e1')).toBe(true);
    const marked = own.events.filter((event) => isOfDrill(event, drills)).map(({ type }) => type);
    expect(marked).toEqual(['drill.started', 'kill.requested']);
  });

  it('never hides a real kill beside it', () => {
    const own = desk();
    own.append([drillFact, killFact(true)], 'ana', 'd1');
    own.append([killFact()], 'ana', 'k1');
    expect(drillExtent(own.state())).toBe('mixed');
    expect(isDrilled(own.state(), 'e1')).toBe(false);
    const real = own.events.find(
      ({ commandId, type }) => commandId === 'k1' && type === 'kill.requested',
    );
    expect(real && isOfDrill(real, drillCommands(own.state()))).toBe(false);
  });

  it('is refused beforehand for what the gateway would refuse', () => {
    expect(whyNoDrill(desk().state(), ['e1'])).toBeNull();
    expect(whyNoDrill(desk('live').state(), ['e1'])).toBe('drill.notPaper');
    expect(whyNoDrill(desk().state(), [])).toBe('drill.noEngine');
    expect(whyNoDrill(desk().state(), ['e2'])).toBe('drill.noEngine');
    const own = desk();
    own.append([killFact()], 'ana', 'k1');
    expect(whyNoDrill(own.state(), ['e1'])).toBe('drill.stopped');
  });
});
