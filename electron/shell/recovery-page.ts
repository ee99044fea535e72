import { APP_ORIGIN } from '#shared/host/origin.ts';
import type { AppFiles } from './app-protocol.ts';
import type { Diagnostics } from './diagnostics.ts';

export const RECOVERY_PATH = '/recovery.html';
export const DIAGNOSTICS_PATH = '/diagnostics.txt';

/** Why the page had to go. */
export const RECOVERY_REASONS = ['rendererGone', 'hostFailed'] as const;
export type RecoveryReason = (typeof RECOVERY_REASONS)[number];

const TEXT = {
  zh: {
    rendererGone: '界面进程意外结束。',
    hostFailed: '本机服务未能启动。',
    safe: '界面上显示为“已保存”的内容都在本机日志里，没有丢失。',
    reload: '重新打开',
    diagnostics: '导出诊断信息',
  },
  en: {
    rendererGone: 'The window’s process ended unexpectedly.',
    hostFailed: 'The services of this computer could not start.',
    safe: 'Everything the screen had called saved is in the journal on this computer. Nothing of it is lost.',
    reload: 'Open again',
    diagnostics: 'Export diagnostics',
  },
} as const;

/** The address of the recovery page for a reason. */
export function recoveryAddress(reason: RecoveryReason): string {
  return `${APP_ORIGIN}${RECOVERY_PATH}?reason=${reason}`;
}

/**
 * The page shown when the real one is gone: two links and no script, so that
 * nothing in it can fail the same way.
 * @param reason from the address; an unknown one reads as a crash of the window.
 */
export function recoveryPage(reason: string | null, language: 'zh' | 'en', nonce: string): string {
  const text = TEXT[language];
  const known = RECOVERY_REASONS.find((name) => name === reason) ?? 'rendererGone';
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}" data-app-state="recovery" data-reason="${known}">
<meta charset="utf-8">
<title>Faultline</title>
<style nonce="${nonce}">
  :root { color-scheme: light dark; font: 1rem/1.6 system-ui, 'Noto Sans CJK SC', sans-serif }
  body { display: grid; place-content: center; min-height: 90vh; margin: 0 2rem; max-width: 100% }
  main { max-width: 36rem }
  h1 { font-size: 1.4rem }
  a { display: inline-block; margin: 1rem 1rem 0 0; padding: .5rem 1.2rem; border: 1px solid currentColor; border-radius: .4rem; color: inherit; text-decoration: none }
  a:focus-visible { outline: 3px solid Highlight; outline-offset: 2px }
</style>
<main>
  <h1>${text[known]}</h1>
  <p>${text.safe}</p>
  <a href="${APP_ORIGIN}/index.html">${text.reload}</a>
  <a href="${APP_ORIGIN}${DIAGNOSTICS_PATH}" download="faultline-diagnostics.txt">${text.diagnostics}</a>
</main>
</html>`;
}

/** The pages of a bad day, as the protocol handler makes them on the spot. */
export function recoveryPages(
  diagnostics: Diagnostics,
  language: 'zh' | 'en',
): NonNullable<AppFiles['made']> {
  return {
    [RECOVERY_PATH]: (url, nonce) => ({
      type: 'text/html; charset=utf-8',
      body: recoveryPage(url.searchParams.get('reason'), language, nonce),
    }),
    [DIAGNOSTICS_PATH]: () => ({ type: 'text/plain; charset=utf-8', body: diagnostics.text() }),
  };
}
