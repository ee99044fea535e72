import { randomBytes } from 'node:crypto';
import type { Workspace } from '#shared/host/app.ts';

const DEMO_USER = { userId: 'li.wei', userName: '李伟', homeRegion: 'sz' } as const;
const ALL_ROLES = ['engineer', 'specialist', 'technician', 'desk', 'manager'];

/** A workspace without a server, for somebody who looks around; each is another one. */
export function aDemoWorkspace(): Workspace {
  const suffix = randomBytes(6).toString('hex');
  return {
    kind: 'demo',
    workspaceId: `demo-${suffix}`,
    ...DEMO_USER,
    roles: ALL_ROLES,
    deviceId: `demo-device-${suffix}`,
    deviceCode: 'DEMO',
    scopes: ['org', `region/${DEMO_USER.homeRegion}`, `user/${DEMO_USER.userId}`],
  };
}
