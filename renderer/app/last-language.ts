import type { Language } from '#shared/host/app.ts';

const KEY = 'faultline.language';

/** The language until the host says what was chosen: what it said last, also to another window; else the reader's own. */
export function lastLanguage(): Language {
  const language = localStorage.getItem(KEY) ?? navigator.language;
  return language.startsWith('zh') ? 'zh-CN' : 'en';
}

/** Kept by the browser: a window that is not let in hears no settings. */
export function keepLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
}
