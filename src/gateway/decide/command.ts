import { openSince } from '../../shared/incidents/state';
import type { Sha256 } from '../../shared/log/chain';
import type { MonitorItem } from '../../shared/monitor/report';
import type { Policies } from '../../shared/policy/inForce';
import { policyChange } from '../../shared/policy/inForce';
import type { Command } from '../../shared/protocol/commands';
import type { Clock } from '../../shared/time';
import type { Bridges } from '../bridges/bridges';
import type { Operator } from '../commands';
import type { EngineHub } from '../engineHub';
import type { Fact } from '../facts';
import type { Books } from '../incidents/books';
import type { GatewayLog } from '../log';
import type { DeskSecrets } from '../secrets';
import * as channels from './channels';
import { type Decided, plain } from './decided';
import { drill } from './drills';
import * as exceptions from './exceptions';
import * as incidents from './incidents';
import * as lineage from './lineage';
import * as models from './models';
import * as operations from './operations';
import * as promotions from './promotions';
import { allow, Refusal } from './refusal';
import * as reports from './reports';
import * as retention from './retention';
import * as retraining from './retraining';
import { closeReview } from './reviews';
import { rollback } from './rollback';

/** What decisions are made of. */
export interface DecisionOptions {
  readonly log: Pick<GatewayLog, 'state'>;
  readonly hub: EngineHub;
  /** The policies as they hold now. */
  readonly policies: () => Policies;
  readonly sha256: Sha256;
  readonly clock: Clock;
  /** Base64 of the key that signs the log. */
  readonly publicKey: string;
  readonly books: Pick<Books, 'now' | 'tradesPerHour'>;
  readonly secrets: Pick<DeskSecrets, 'channel'>;
  /** Null where this gateway runs no bridges. */
  readonly bridges: Bridges | null;
}

/** The bridges' commands. @throws {Refusal} where this gateway runs none */
export function bridgesOf({ bridges }: Pick<DecisionOptions, 'bridges'>): Bridges {
  if (bridges) return bridges;
  throw new Refusal('unavailable', 'this gateway runs no bridges');
}

/**
 * Decides what a command leads to, on the log as it stands; a secret that comes with it is put away by
 * the version that is named. What is returned throws {@link Refusal}.
 */
export function createDecision(
  options: DecisionOptions,
): (command: Command, operator: Operator, version: string) => Decided {
  const { log, policies } = options;
  const factsOf = createFacts(options);

  return (command, operator, version) => {
    switch (command.name) {
      case 'channel.configure':
      case 'channel.remove':
      case 'channel.test':
        return channels.decide(command, operator, policies().notifications, {
          configured: log.state().notify.channels,
          ...{ secretOf: options.secrets.channel, version },
        });
      case 'bridge.configure':
        return bridgesOf(options).configure(command.params, operator, version);
      default:
        return plain(...factsOf(command, operator));
    }
  };
}

type WithoutSecret = Exclude<
  Command,
  { name: 'channel.configure' | 'channel.remove' | 'channel.test' | 'bridge.configure' }
>;

function createFacts(
  options: DecisionOptions,
): (command: WithoutSecret, operator: Operator) => Fact[] {
  const { log, hub, policies, sha256, clock } = options;
  const bridges = () => bridgesOf(options);

  return (command, operator) => {
    const state = log.state();
    const now = clock();
    const inForce = policies();
    const ops = { state, policy: inForce.operations, hub, now };
    const { active, criticalAt } = state.alerts;
    const registry = {
      ...{ state: { ...state.models, active, criticalAt }, policy: inForce.models, sha256, now },
      ...{ incidentSince: openSince(state.incidents), id: command.id },
    };
    const { now: booksNow, tradesPerHour } = options.books;
    const at = { now, id: command.id };
    const desk = { state, policies: inForce, books: booksNow, tradesPerHour, ...at };
    const slow = { state, policy: inForce.monitor, now, id: command.id };
    switch (command.name) {
      case 'kill':
        return [operations.kill(ops, command)];
      case 'pause':
        return [operations.pause(ops, command.params, operator)];
      case 'resume':
        return [operations.resume(ops, command.params, operator)];
      case 'resume.approve':
        return [operations.approveResume(ops, command.params, operator)];
      case 'resume.withdraw':
        return [operations.withdrawResume(ops, command.params, operator)];
      case 'terminal.report':
        return [{ type: 'terminal.reported', data: command.params }];
      case 'engine.fault':
        return [operations.setFault(ops, command.params, operator)];
      case 'model.register':
        allow(operator, inForce.models.permissions.register, 'register a model');
        return models.register(registry, command.params.card, 'operator');
      case 'model.update':
        return models.update(registry, command.params, operator);
      case 'model.report': {
        allow(operator, inForce.models.permissions.reportMetrics, 'report a model’s figures');
        const { reason: _, ...figures } = command.params;
        return models.report(registry, figures, 'operator');
      }
      case 'model.promote':
        return promotions.promote(registry, command.params, operator);
      case 'promotion.approve':
        return promotions.approve(registry, command.params, operator);
      case 'promotion.reject':
        return promotions.closeRequest(registry, command.params, 'rejected', operator);
      case 'promotion.withdraw':
        return promotions.closeRequest(registry, command.params, 'withdrawn', operator);
      case 'model.rollback':
        return rollback(registry, command.params, operator);
      case 'model.retire':
        return models.retire(registry, command.params, operator);
      case 'exception.grant':
        return exceptions.grantException(registry, command.params, operator);
      case 'exception.revoke':
        return exceptions.revokeException(registry, command.params, operator);
      case 'review.close':
        return closeReview(registry, command.params, operator);
      case 'monitor.report': {
        const news = command.params.items.filter((item) => retraining.isNews(item, slow));
        if (news.length === 0) throw new Refusal('superseded', 'all of it is on record already');
        return news.map(monitorFact);
      }
      case 'retraining.request':
        return retraining.requestRetraining(slow, command.params, operator);
      case 'retraining.close':
        return retraining.closeRetraining(slow, command.params, operator);
      case 'monitor.dry_run': {
        allow(operator, inForce.monitor.permissions.dryRun, 'switch the monitor to a dry run');
        const { on } = command.params;
        const until = on ? now + inForce.monitor.dryRunExpiresMs : null;
        return [{ type: 'monitor.dry_run_set', data: { on, until } }];
      }
      case 'lineage.report':
        allow(operator, inForce.models.permissions.register, 'report lineage');
        return lineage.report(command.params);
      case 'bridge.remove':
        return [bridges().remove(command.params, operator)];
      case 'bridge.test':
        return [bridges().test(command.id, command.params, operator)];
      case 'policy.change': {
        allow(operator, inForce.models.permissions.changePolicy, 'change a policy');
        const { name, document, basedOn } = command.params;
        const version = state.policies[name]?.version ?? inForce[name].version;
        if (basedOn !== null && basedOn !== version) {
          throw new Refusal('superseded', '{name} is at {version} by now, not {basedOn}', {
            name,
            version,
            basedOn,
          });
        }
        const change = policyChange(state, name, document);
        if (!change.ok) throw new Refusal('bad_policy', { text: change.error.message });
        return [{ type: 'policy.changed', data: change.value }];
      }
      case 'alert.acknowledge':
        return incidents.acknowledgeAlert(desk, command.params, operator);
      case 'incident.open':
        return incidents.open(desk, command.params, operator);
      case 'incident.acknowledge':
        return incidents.acknowledge(desk, command.params, operator);
      case 'incident.mitigate':
        return incidents.mitigate(desk, command.params, operator);
      case 'incident.resolve':
        return incidents.resolve(desk, command.params, operator);
      case 'incident.close':
        return incidents.close(desk, command.params, operator);
      case 'incident.note':
        return incidents.note(desk, command.params, operator);
      case 'incident.step':
        return incidents.tick(desk, command.params, operator);
      case 'incident.set_commander':
        return incidents.setCommander(desk, command.params, operator);
      case 'incident.set_severity':
        return incidents.setSeverity(desk, command.params, operator);
      case 'incident.link_alert':
        return incidents.linkAlert(desk, command.params, operator);
      case 'incident.correlate':
        return incidents.correlate(desk, command.params, operator);
      case 'incident.send_message':
        return incidents.sendMessage(desk, command.params, operator);
      case 'postmortem.save':
        return incidents.savePostMortem(desk, command.params, operator);
      case 'postmortem.publish':
        return incidents.publishPostMortem(desk, command.params, operator);
      case 'action_item.set':
        return incidents.setActionItem(desk, command.params, operator);
      case 'drill.kill': {
        allow(operator, inForce.incidents.permissions.drill, 'hold a drill');
        const ageMs = Math.round(now - command.issuedAt);
        const { engines } = command.params;
        const about = { drill: command.id, engines, by: 'person', ageMs } as const;
        return drill(ops, inForce.incidents.drills, { ...about, origin: 'console' });
      }
      case 'report.record':
        return [reports.record({ state, policy: inForce.reports }, command.params, operator)];
      case 'retention.delete': {
        const facts = { state, policy: inForce.models, now, publicKey: options.publicKey };
        return [retention.deleteYear(facts, command.params, operator)];
      }
      case 'retention.name':
        return [retention.name(state, command.params)];
    }
  };
}

function monitorFact(entry: MonitorItem): Fact {
  switch (entry.item) {
    case 'trigger':
      return { type: 'monitor.trigger_changed', data: entry.data };
    case 'fired':
      return { type: 'monitor.fired', data: entry.data };
    case 'machine':
      return { type: 'monitor.state_changed', data: entry.data };
    case 'blind':
      return { type: 'monitor.blind_paused', data: entry.data };
    case 'suspended':
      return { type: 'monitor.suspended', data: entry.data };
    case 'day':
      return { type: 'monitor.day_closed', data: entry.data };
    case 'retraining':
      return { type: 'retraining.proposed', data: entry.data };
    case 'alert':
      return { type: 'alert.raised', data: { ...entry.data, engine: null, source: 'monitor' } };
    case 'clear':
      return { type: 'alert.cleared', data: entry.data };
  }
}
