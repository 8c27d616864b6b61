import i18next from 'i18next';
import { useCallback } from 'react';
import { initReactI18next, useTranslation } from 'react-i18next';
import { formatFor } from '../lib/format';
import { en } from './en';
import type { Key } from './es';
import { es } from './es';

export type Translate = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

/** Texts ship with the page; nothing is fetched. React escapes what is put into them. */
export async function initTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'es',
    fallbackLng: 'es',
    resources: { es: { translation: es }, en: { translation: en } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
  });
}

export function showLanguage(language: 'es' | 'en'): void {
  formatFor(language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

/** The texts of the present language, by checked key. */
export function useT(): Translate {
  const { t } = useTranslation();
  return useCallback((key, values) => t(key as string, values ?? {}) as string, [t]);
}
