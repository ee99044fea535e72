import { html, type Pages } from './page.ts';

/** The end of a sign-in: the code that the user types into the laptop that began it. */
export function signInCode(code: string): Pages {
  const shown = `${code.slice(0, 4)} ${code.slice(4)}`;
  return {
    en: {
      title: 'Type this code into Faultline',
      content: html`<p class="code">${shown}</p>
        <p>
          It works for ten minutes, only in the Faultline in which you have just begun to sign in. Tell it to
          nobody: nobody from support or IT needs it.
        </p>`,
    },
    zh: {
      title: '请在 Faultline 中输入此代码',
      content: html`<p class="code">${shown}</p>
        <p>
          代码十分钟内有效,只能在您刚刚发起登录的 Faultline 中使用。请勿告诉任何人:支持或 IT 人员都不需要它。
        </p>`,
    },
  };
}

/** Why a sign-in has ended without a code. */
export type SignInFault = 'gone' | 'declined' | 'failed' | 'noAccount' | 'unreachable';

const FAULTS: Readonly<Record<SignInFault, readonly [string, string]>> = {
  gone: [
    'This sign-in is over: it was finished already, or it took longer than ten minutes. Begin again in Faultline.',
    '此次登录已结束:可能已经完成,或超过了十分钟。请在 Faultline 中重新开始。',
  ],
  declined: [
    'The sign-in was declined or cancelled. Nothing was changed; begin again in Faultline.',
    '登录被拒绝或取消。没有任何更改;请在 Faultline 中重新开始。',
  ],
  failed: [
    'What the sign-in service answered could not be trusted, so nobody was signed in. Begin again in Faultline; if it happens again, tell an administrator.',
    '登录服务的应答不可信,因此没有登录。请在 Faultline 中重新开始;若再次发生,请告知管理员。',
  ],
  noAccount: [
    'You have signed in, but no account on this server belongs to you. Ask an administrator to add one.',
    '您已通过验证,但此服务器上没有属于您的账号。请联系管理员添加。',
  ],
  unreachable: [
    'The sign-in service does not answer this server. Nothing was changed; try again later, or log in with a password.',
    '登录服务没有应答此服务器。没有任何更改;请稍后再试,或使用密码登录。',
  ],
};

export function signInFailed(fault: SignInFault): Pages {
  const [en, zh] = FAULTS[fault];
  return {
    en: { title: 'Not signed in', content: html`<p>${en}</p>` },
    zh: { title: '未登录', content: html`<p>${zh}</p>` },
  };
}
