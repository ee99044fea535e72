import { hasAccount, saveAccount, type NewAccount } from './auth/accounts.ts';
import type { Database } from './db/database.ts';

/** Made by `--demo` only, which listens on loopback only: everybody knows the password. */
export const DEMO_ACCOUNTS: readonly NewAccount[] = [
  { id: 'li.wei', name: '李伟', roles: ['engineer'], homeRegion: 'sz', password: 'demo' },
  { id: 'zhang.min', name: '张敏', roles: ['desk'], homeRegion: 'sz', password: 'demo' },
  { id: 'wang.fang', name: '王芳', roles: ['manager'], homeRegion: 'sz', password: 'demo' },
];

/** Makes the accounts of the demo that are missing, and names their region unless somebody has. */
export async function makeDemo(database: Database): Promise<void> {
  for (const account of DEMO_ACCOUNTS)
    if (!(await hasAccount(database, 'main', account.id))) await saveAccount(database, account);
  await database.transaction('write', (sql) =>
    sql.query(
      `UPDATE regions SET name_zh = $2, name_en = $3 WHERE tenant = 'main' AND id = $1 AND name_zh = id AND name_en = id`,
      ['sz', '深圳', 'Shenzhen'],
    ),
  );
}
