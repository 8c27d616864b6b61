/** The product's version; a test holds it against package.json. */
export const VERSION = '1.0.0';

/** Counts up when the tables of a log change; a file of a later form is not touched. */
export const LOG_FORM = 1;
