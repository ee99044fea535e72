import type { NewAccount } from './auth/accounts.ts';

/** Made by `--demo` only, which listens on loopback only: everybody knows the password. */
export const DEMO_ACCOUNTS: readonly NewAccount[] = [
  { id: 'li.wei', name: '李伟', roles: ['engineer'], homeRegion: 'sz', password: 'demo' },
  { id: 'zhang.min', name: '张敏', roles: ['desk'], homeRegion: 'sz', password: 'demo' },
  { id: 'wang.fang', name: '王芳', roles: ['manager'], homeRegion: 'sz', password: 'demo' },
];
