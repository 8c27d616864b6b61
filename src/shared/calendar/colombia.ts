/** A public holiday: its day `YYYY-MM-DD` and its name in Spanish. */
export interface Holiday {
  readonly day: string;
  readonly name: string;
}

const DAY_MS = 86_400_000;

/** Kept on their own day. */
const FIXED: readonly (readonly [month: number, date: number, name: string])[] = [
  [1, 1, 'Año Nuevo'],
  [5, 1, 'Día del Trabajo'],
  [7, 20, 'Día de la Independencia'],
  [8, 7, 'Batalla de Boyacá'],
  [12, 8, 'Inmaculada Concepción'],
  [12, 25, 'Navidad'],
];

/** Moved to the Monday that follows where they do not fall on one. */
const MOVED: readonly (readonly [month: number, date: number, name: string])[] = [
  [1, 6, 'Reyes Magos'],
  [3, 19, 'San José'],
  [6, 29, 'San Pedro y San Pablo'],
  [8, 15, 'Asunción de la Virgen'],
  [10, 12, 'Día de la Raza'],
  [11, 1, 'Todos los Santos'],
  [11, 11, 'Independencia de Cartagena'],
];

/** Days from Easter Sunday; the last three as moved to Monday. */
const BY_EASTER: readonly (readonly [offset: number, name: string])[] = [
  [-3, 'Jueves Santo'],
  [-2, 'Viernes Santo'],
  [43, 'Ascensión del Señor'],
  [64, 'Corpus Christi'],
  [71, 'Sagrado Corazón'],
];

/**
 * Colombia's public holidays of a year, by day: Ley 51 de 1983 ("Ley Emiliani"), article 1 and 2.
 *
 * @param year Gregorian, from 1984.
 */
export function colombianHolidays(year: number): readonly Holiday[] {
  const at = (month: number, date: number) => Date.UTC(year, month - 1, date);
  const easter = easterSunday(year);
  const all = [
    ...FIXED.map(([month, date, name]) => ({ time: at(month, date), name })),
    ...MOVED.map(([month, date, name]) => ({ time: nextMonday(at(month, date)), name })),
    ...BY_EASTER.map(([offset, name]) => ({ time: easter + offset * DAY_MS, name })),
  ];
  return all
    .sort((a, b) => a.time - b.time)
    .map(({ time, name }) => ({ day: new Date(time).toISOString().slice(0, 10), name }));
}

function nextMonday(time: number): number {
  const weekday = new Date(time).getUTCDay();
  return time + ((8 - weekday) % 7) * DAY_MS;
}

/** Easter Sunday as UTC midnight: the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, ch. 8). */
function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return Date.UTC(year, Math.floor(sum / 31) - 1, (sum % 31) + 1);
}
