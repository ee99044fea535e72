import { type Grade, type WaitingReason, WAITING_REASONS } from './facts.ts';
import type { Policy, PromiseName, RungRule } from './policy.ts';

// Waiting never excuses a late first answer; only what keeps people from the
// site or in danger excuses a late restore.
const pausedBy: Partial<Record<PromiseName, WaitingReason[]>> = {
  restore: ['customer', 'access', 'change-window', 'safety'],
  resolve: [...WAITING_REASONS],
  report: ['supplier', 'third-party'],
  callBack: ['customer'],
};

const grave: Grade[] = ['P1', 'P2'];

const ladder: RungRule[] = [
  {
    id: 'assigned',
    when: 'assignment',
    grades: grave,
    tell: ['teamLead', 'serviceManager'],
    by: ['screen', 'message'],
  },
  { id: 'respond-50', when: 'percent', promise: 'respond', percent: 50, tell: ['assignee'], by: ['screen'] },
  {
    id: 'respond-100',
    when: 'percent',
    promise: 'respond',
    percent: 100,
    tell: ['assignee', 'teamLead'],
    by: ['screen', 'message'],
  },
  {
    id: 'restore-50',
    when: 'percent',
    promise: 'restore',
    percent: 50,
    grades: grave,
    tell: ['assignee', 'teamLead'],
    by: ['screen'],
  },
  {
    id: 'restore-75',
    when: 'percent',
    promise: 'restore',
    percent: 75,
    tell: ['assignee', 'teamLead'],
    by: ['screen', 'message'],
  },
  {
    id: 'restore-100',
    when: 'percent',
    promise: 'restore',
    percent: 100,
    tell: ['teamLead', 'serviceManager'],
    by: ['screen', 'message', 'email'],
  },
  {
    id: 'restore-150',
    when: 'percent',
    promise: 'restore',
    percent: 150,
    grades: grave,
    tell: ['serviceManager', 'director'],
    by: ['phone', 'email'],
  },
  { id: 'resolve-75', when: 'percent', promise: 'resolve', percent: 75, tell: ['assignee'], by: ['screen'] },
  {
    id: 'resolve-100',
    when: 'percent',
    promise: 'resolve',
    percent: 100,
    tell: ['assignee', 'teamLead'],
    by: ['screen', 'email'],
  },
  {
    id: 'resolve-150',
    when: 'percent',
    promise: 'resolve',
    percent: 150,
    tell: ['serviceManager'],
    by: ['screen', 'email'],
  },
  { id: 'report-75', when: 'percent', promise: 'report', percent: 75, tell: ['assignee'], by: ['screen'] },
  {
    id: 'report-100',
    when: 'percent',
    promise: 'report',
    percent: 100,
    tell: ['assignee', 'serviceManager'],
    by: ['screen', 'email'],
  },
  {
    id: 'callBack-100',
    when: 'percent',
    promise: 'callBack',
    percent: 100,
    tell: ['serviceDesk'],
    by: ['screen'],
  },
];

/**
 * What a new workspace promises until its own policy is written: P1 and P2 by
 * the round-the-clock calendar, P3 and P4 in working time. A working day of the
 * default calendar has seven and a half hours, so PT37H30M is five of them.
 */
export const defaultPolicy: Policy = {
  id: 'default',
  version: 1,
  inForceFrom: '2020-01-01T00:00:00+08:00',
  calendars: { P1: '24x7', P2: '24x7', P3: 'cn-working', P4: 'cn-working' },
  promiseCalendars: { report: 'cn-working', callBack: 'cn-working' },
  targets: {
    P1: { respond: 'PT15M', restore: 'PT4H', resolve: 'PT72H', report: 'PT37H30M', callBack: 'PT15H' },
    P2: { respond: 'PT30M', restore: 'PT8H', resolve: 'PT120H', report: 'PT75H', callBack: 'PT15H' },
    P3: { respond: 'PT4H', restore: 'PT15H', resolve: 'PT37H30M', callBack: 'PT22H30M' },
    P4: { respond: 'PT7H30M', resolve: 'PT75H', callBack: 'PT37H30M' },
  },
  pausedBy,
  reopenDays: 7,
  ladder,
};
