/** The console's views, in the order of their shortcuts (Ctrl+1, Ctrl+2 …). */
export const VIEWS = [
  'overview',
  'models',
  'monitor',
  'incidents',
  'lineage',
  'audit',
  'reports',
  'settings',
] as const;
export type ViewName = (typeof VIEWS)[number];
