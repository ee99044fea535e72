import i18next, { type TFunction } from 'i18next';
import en from '../../app/i18n/en/index.ts';
import zhCN from '../../app/i18n/zh-CN/index.ts';

/** The texts of a language for unit tests; a key without a text is an error, not a word on the screen. */
export async function textsOf(language: 'en' | 'zh-CN'): Promise<TFunction> {
  const instance = i18next.createInstance();
  await instance.init({
    lng: language,
    fallbackLng: false,
    resources: { en: { translation: en }, 'zh-CN': { translation: zhCN } },
    interpolation: { escapeValue: false },
    saveMissing: true,
    missingKeyHandler: (_, __, key) => {
      throw new Error(`No text for ${key} in ${language}.`);
    },
  });
  return instance.t;
}
