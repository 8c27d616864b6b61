import { resolve } from 'node:path';

/** The repository: programs that are bundled elsewhere are told it. */
export const ROOT = process.env.VIGIA_APP || resolve(import.meta.dirname, '../..');
