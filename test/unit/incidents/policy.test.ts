import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PolicyFileError, readPolicies } from '../../../src/node/policyFiles';
import { incidentsPolicySchema } from '../../../src/shared/policy/incidents';
import { incidentsPolicy, playbooks } from '../../support/incidents';
import { ROOT } from '../../support/root';

describe('the shipped policy', () => {
  it('has the plan’s five contacts, by role, with their hours', () => {
    expect(
      incidentsPolicy.contacts.map(({ role, slack, hours }) => [role, slack, hours.kind]),
    ).toEqual([
      ['on-call-primary', '@oncall-primary', 'always'],
      ['on-call-secondary', '@oncall-secondary', 'always'],
      ['engineering-lead', '@eng-lead', 'office'],
      ['trading-lead', '@trading-lead', 'office'],
      ['cto', '@cto', 'emergency'],
    ]);
  });

  it('names only playbooks that there are, and no viewer may touch an incident', () => {
    const known = playbooks.playbooks.map(({ id }) => id);
    expect(known).toEqual(['data-source-down', 'model-degradation', 'trading-system-down']);
    for (const id of Object.values(incidentsPolicy.opening.playbooks)) expect(known).toContain(id);
    for (const roles of Object.values(incidentsPolicy.permissions)) {
      expect(roles).not.toContain('viewer');
    }
  });

  it('refuses a step for a role that nobody has, and a step that is there twice', () => {
    const { P0 } = incidentsPolicy.severities;
    const [first] = P0.escalation;
    const faults = (escalation: typeof P0.escalation) =>
      incidentsPolicySchema
        .safeParse({
          ...incidentsPolicy,
          severities: { ...incidentsPolicy.severities, P0: { ...P0, escalation } },
        })
        .error?.issues.map(({ message }) => message);
    if (!first) throw new Error('there is no step');
    expect(faults([{ ...first, role: 'pilot' }])).toEqual(['no contact has the role pilot']);
    expect(faults([first, first])).toContain('this step is there twice');
  });
});

describe('playbook files', () => {
  function changed(file: string, change: (text: string) => string) {
    const folder = mkdtempSync(join(tmpdir(), 'vigia-playbooks-'));
    try {
      cpSync(join(ROOT, 'resources'), folder, { recursive: true });
      const path = join(folder, 'playbooks', file);
      writeFileSync(path, change(readFileSync(path, 'utf8')));
      return readPolicies(join(folder, 'policy')).playbooks;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  it('are one document whose version follows its text', () => {
    const same = changed('templates.yaml', (text) => text);
    const other = changed('templates.yaml', (text) => text.replace('INCIDENT:', 'TROUBLE:'));
    expect(same.document.version).toBe(playbooks.version);
    expect(other.document.version).not.toBe(playbooks.version);
  });

  it('that do not fit are refused, naming the folder and the field', () => {
    const broken = () => changed('model-degradation.yaml', (text) => text.replace('P1', 'P7'));
    expect(broken).toThrow(PolicyFileError);
    expect(broken).toThrow(/playbooks: playbooks\.1\.severity/);
  });
});
