import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Language } from '#shared/host/app.ts';
import en from './en/index.ts';
import zhCN from './zh-CN/index.ts';

/** Prepares the texts of both languages; they are part of the bundle, so nothing waits for them. */
export function startI18n(language: Language): void {
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en }, 'zh-CN': { translation: zhCN } },
    interpolation: { escapeValue: false },
    returnNull: false,
    initAsync: false,
  });
  document.documentElement.lang = language;
}

/** Changes the language of every screen at once. */
export async function setLanguage(language: Language): Promise<void> {
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

/** The name of something in the reader's language: data carry a Chinese name and, where given, an English one. */
export function nameIn(language: string, named: { name?: string; nameEn?: string } | undefined): string {
  if (named === undefined) return '';
  return language === 'en' ? (named.nameEn ?? named.name ?? '') : (named.name ?? '');
}
