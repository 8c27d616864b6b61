/** Texts of alerts, by their kind. */
export const alertsEs = {
  'alert.engine_lost_holding': 'Motor perdido con posiciones',
  'alert.postmortem_overdue': 'Post-mortem vencido',
  'alert.action_item_overdue': 'Acción vencida',
  'alert.drill_failed': 'El simulacro no llegó a plano',
  'alert.outside': 'Alerta externa',
  'alert.outside_overflow': 'Más alertas externas',
  'alert.times': '×{{count}}',
} as const;

export const alertsEn: Readonly<Record<keyof typeof alertsEs, string>> = {
  'alert.engine_lost_holding': 'Engine lost with positions',
  'alert.postmortem_overdue': 'Post-mortem overdue',
  'alert.action_item_overdue': 'Action item overdue',
  'alert.drill_failed': 'The drill did not get flat',
  'alert.outside': 'Outside alert',
  'alert.outside_overflow': 'More outside alerts',
  'alert.times': '×{{count}}',
};
