import { html, type Markup, type Pages } from './page.ts';

/** What is wrong with what was typed. */
export type AdminFormFault = 'short' | 'differs' | 'name';

export const SHORTEST_ADMIN_PASSWORD = 10;

const FAULTS: Readonly<Record<AdminFormFault, { readonly en: string; readonly zh: string }>> = {
  short: {
    en: `The password needs at least ${SHORTEST_ADMIN_PASSWORD} characters.`,
    zh: `密码至少需要 ${SHORTEST_ADMIN_PASSWORD} 个字符。`,
  },
  differs: { en: 'The two passwords differ.', zh: '两次输入的密码不一致。' },
  name: { en: 'Enter your name, at most 80 characters.', zh: '请输入姓名,最多 80 个字符。' },
};

/** The form behind the one-time link. The token goes along in the form, so no other site can send it. */
export function firstAdminForm(token: string, name = '', fault?: AdminFormFault): Pages {
  const form = (words: readonly [string, string, string, string, string], said: string): Markup =>
    html` <p>${words[0]}</p>
      ${said === '' ? html`` : html`<p role="alert"><strong>${said}</strong></p>`}
      <form method="post" action="/v1/first-admin">
        <input type="hidden" name="token" value="${token}" />
        <label
          >${words[1]}<input name="name" value="${name}" required maxlength="80" autocomplete="name"
        /></label>
        <label
          >${words[2]}<input
            name="password"
            type="password"
            required
            minlength="${String(SHORTEST_ADMIN_PASSWORD)}"
            maxlength="1000"
            autocomplete="new-password"
        /></label>
        <label
          >${words[3]}<input
            name="again"
            type="password"
            required
            maxlength="1000"
            autocomplete="new-password"
        /></label>
        <button>${words[4]}</button>
      </form>`;
  const en = [
    'This makes the account "admin" of this server. The link works once.',
    'Your name',
    'Password',
    'Password again',
    'Make the account',
  ] as const;
  const zh = [
    '这将创建本服务器的“admin”账号。此链接只能使用一次。',
    '姓名',
    '密码',
    '再次输入密码',
    '创建账号',
  ] as const;
  return {
    en: {
      title: 'First administrator',
      content: form(en, fault === undefined ? '' : FAULTS[fault].en),
    },
    zh: { title: '首位管理员', content: form(zh, fault === undefined ? '' : FAULTS[fault].zh) },
  };
}

export const firstAdminMade: Pages = {
  en: {
    title: 'The administrator is ready',
    content: html`<p>Log in with Faultline as <strong>admin</strong>. You can close this page.</p>`,
  },
  zh: {
    title: '管理员已就绪',
    content: html`<p>请在 Faultline 中以 <strong>admin</strong> 登录。可以关闭此页面。</p>`,
  },
};

export const firstAdminLinkGone: Pages = {
  en: {
    title: 'This link does not work any more',
    content: html`<p>
      It works once, and for a day. If there is no administrator yet, start the server again: it prints a new
      link.
    </p>`,
  },
  zh: {
    title: '此链接已失效',
    content: html`<p>链接只能使用一次,有效期一天。如果还没有管理员,请重新启动服务器,它会给出新的链接。</p>`,
  },
};
