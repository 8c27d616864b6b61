/** Texts of alerts, by their kind. */
export const alertsEs = {
  'alert.times': '×{{count}}',
} as const;

export const alertsEn: Readonly<Record<keyof typeof alertsEs, string>> = {
  'alert.times': '×{{count}}',
};
