import type { Workspace } from '#shared/host/app.ts';
import type { LoginAnswer, RefreshAnswer } from '#shared/sync/protocol.ts';

/** Roles and scopes may have changed since; the user may not. */
export function standing(workspace: Workspace, answer: RefreshAnswer): Workspace {
  const { userName, roles, scopes, homeRegion, regions, teams } = answer;
  return { ...workspace, userName, roles, scopes, homeRegion, regions, teams };
}

/** Which device the server takes this laptop for. */
export function identityOf({
  deviceId,
  deviceCode,
}: LoginAnswer): Pick<Workspace, 'deviceId' | 'deviceCode'> {
  return { deviceId, deviceCode };
}

/** A workspace of that server. */
export function workspaceOf(serverUrl: string, answer: LoginAnswer): Workspace {
  const { tenant, userId, userName, roles, homeRegion, scopes, regions, teams } = answer;
  return {
    kind: 'server',
    workspaceId: `server-${answer.deviceId}`,
    userId,
    userName,
    roles,
    ...identityOf(answer),
    homeRegion,
    scopes,
    regions,
    teams,
    serverUrl,
    tenant,
  };
}
