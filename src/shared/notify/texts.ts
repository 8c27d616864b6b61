import type { Kind, Label, Language, Level } from './message';

type Both = Readonly<Record<Language, string>>;
const both = (es: string, en: string): Both => ({ es, en });

/** Title and the sentence under it: what happened and what it means. */
export const KIND_TEXTS: Readonly<Record<Kind, { readonly title: Both; readonly lead: Both }>> = {
  kill: {
    title: both('PARADA DE EMERGENCIA', 'EMERGENCY STOP'),
    lead: both(
      'Se pidió detener la operación. Queda detenida hasta que alguien la reanude.',
      'Trading was told to stop. It stays stopped until somebody resumes it.',
    ),
  },
  resume: {
    title: both('OPERACIÓN REANUDADA', 'TRADING RESUMED'),
    lead: both('La operación vuelve a estar permitida.', 'Trading is allowed again.'),
  },
  resume_wanted: {
    title: both('REANUDACIÓN: FALTA UNA PERSONA', 'RESUME: A SECOND PERSON IS WANTED'),
    lead: both(
      'Alguien pidió reanudar; otra persona debe aprobarlo.',
      'Somebody asked to resume; another person must approve it.',
    ),
  },
  pause: {
    title: both('OPERACIÓN EN PAUSA', 'TRADING PAUSED'),
    lead: both('No se abren posiciones nuevas.', 'No new positions are opened.'),
  },
  rollback: {
    title: both('ROLLBACK DE MODELO', 'MODEL ROLLBACK'),
    lead: both(
      'Se ordenó volver a un modelo anterior. Las entradas esperan a que cada motor lo cargue.',
      'An earlier model was ordered back. Entries wait until every engine has loaded it.',
    ),
  },
  auto_rollback: {
    title: both('ROLLBACK AUTOMÁTICO', 'AUTOMATIC ROLLBACK'),
    lead: both(
      'El monitor ordenó volver a un modelo anterior.',
      'The monitor ordered an earlier model back.',
    ),
  },
  rollback_failed: {
    title: both('ROLLBACK INCOMPLETO', 'ROLLBACK INCOMPLETE'),
    lead: both(
      'Algún motor no cargó el modelo. Las entradas quedan bloqueadas.',
      'Some engine did not load the model. Entries stay blocked.',
    ),
  },
  rollback_done: {
    title: both('ROLLBACK COMPLETO', 'ROLLBACK COMPLETE'),
    lead: both('Cada motor informó el hash del modelo.', 'Every engine reported the model’s hash.'),
  },
  deployment_failed: {
    title: both('DESPLIEGUE INCOMPLETO', 'DEPLOYMENT INCOMPLETE'),
    lead: both(
      'Algún motor no cargó el modelo. Las entradas quedan bloqueadas.',
      'Some engine did not load the model. Entries stay blocked.',
    ),
  },
  promotion: {
    title: both('MODELO PROMOVIDO', 'MODEL PROMOTED'),
    lead: both('Un modelo pasó a otra etapa.', 'A model moved to another stage.'),
  },
  retirement: {
    title: both('MODELO RETIRADO', 'MODEL RETIRED'),
    lead: both('Un modelo dejó de usarse.', 'A model is no longer in use.'),
  },
  emergency_retirement: {
    title: both('RETIRO DE EMERGENCIA DE UN MODELO', 'EMERGENCY RETIREMENT OF A MODEL'),
    lead: both(
      'Un modelo se retiró sin esperar a su reemplazo.',
      'A model was retired without waiting for its replacement.',
    ),
  },
  approval_wanted: {
    title: both('APROBACIÓN PENDIENTE', 'APPROVAL WANTED'),
    lead: both(
      'Una promoción espera la respuesta de quienes deben aprobarla.',
      'A promotion waits for those who must approve it.',
    ),
  },
  alert: {
    title: both('ALERTA', 'ALERT'),
    lead: both('Se levantó una alerta.', 'An alert was raised.'),
  },
  incident_opened: {
    title: both('INCIDENTE ABIERTO', 'INCIDENT OPENED'),
    lead: both('Alguien debe tomarlo.', 'Somebody must take it.'),
  },
  incident_acknowledged: {
    title: both('INCIDENTE TOMADO', 'INCIDENT ACKNOWLEDGED'),
    lead: both('Alguien se ocupa de él.', 'Somebody is at it.'),
  },
  incident_escalated: {
    title: both('INCIDENTE ESCALADO', 'INCIDENT ESCALATED'),
    lead: both('Nadie respondió a tiempo.', 'Nobody answered in time.'),
  },
  incident_resolved: {
    title: both('INCIDENTE RESUELTO', 'INCIDENT RESOLVED'),
    lead: both('El incidente terminó.', 'The incident is over.'),
  },
  incident_message: {
    title: both('MENSAJE DEL INCIDENTE', 'INCIDENT MESSAGE'),
    lead: both('Lo escribe quien lleva el incidente.', 'Written by whoever handles it.'),
  },
  action_item_due: {
    title: both('ACCIÓN PENDIENTE', 'ACTION ITEM DUE'),
    lead: both('Alguien la prometió y no está hecha.', 'Somebody promised it and it is not done.'),
  },
  report_ready: {
    title: both('INFORME LISTO', 'REPORT READY'),
    lead: both('Hay un informe nuevo.', 'There is a new report.'),
  },
  engine_lost: {
    title: both('ENLACE CON UN MOTOR PERDIDO', 'LINK TO AN ENGINE LOST'),
    lead: both(
      'El gateway no oye al motor. Su estado no se conoce.',
      'The gateway does not hear the engine. Its state is not known.',
    ),
  },
};

export const LABEL_TEXTS: Readonly<Record<Label, Both>> = {
  by: both('Quién', 'By'),
  reason: both('Motivo', 'Reason'),
  scope: both('Alcance', 'Scope'),
  origin: both('Desde', 'From'),
  model: both('Modelo', 'Model'),
  previous: both('Modelo anterior', 'Previous model'),
  stage: both('Etapa', 'Stage'),
  engine: both('Motor', 'Engine'),
  engines: both('Motores', 'Engines'),
  severity: both('Severidad', 'Severity'),
  detail: both('Detalle', 'Detail'),
  cause: both('Causa', 'Cause'),
  expires: both('Vence', 'Expires'),
  positions: both('Posiciones', 'Positions'),
  flat: both('Plano al reanudar', 'Flat when resumed'),
  step: both('Paso', 'Step'),
  contact: both('Contacto', 'Contact'),
  incident: both('Incidente', 'Incident'),
  title: both('Qué', 'What'),
  message: both('Mensaje', 'Message'),
  report: both('Informe', 'Report'),
  owner: both('Responsable', 'Owner'),
};

export const LEVEL_TEXTS: Readonly<Record<Level, Both>> = {
  info: both('INFO', 'INFO'),
  warning: both('AVISO', 'WARNING'),
  critical: both('CRÍTICO', 'CRITICAL'),
  p0: both('P0', 'P0'),
};

export const ENVIRONMENT_TEXTS: Readonly<Record<'live' | 'paper', Both>> = {
  live: both('VIVO', 'LIVE'),
  paper: both('PAPEL', 'PAPER'),
};

export const GROUP_TEXTS = {
  title: both('avisos juntos', 'messages together'),
  lead: both(
    'Llegaron tantos a la vez que se envían en uno. Cada uno está en el registro.',
    'So many came at once that they are sent as one. Each is in the log.',
  ),
  first: both('Primero', 'First'),
  last: both('Último', 'Last'),
} as const;

export const TEST_TEXTS = {
  title: both('PRUEBA DE CANAL', 'CHANNEL TEST'),
  lead: both(
    'Alguien prueba este canal. No hay que hacer nada.',
    'Somebody is testing this channel. There is nothing to do.',
  ),
} as const;

export const READ_ON: Both = both('Qué hacer', 'What to do');
