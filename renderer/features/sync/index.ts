export { explainVerdict } from './explain-verdict.ts';
export { useStreamNames } from './use-stream-names.ts';
export { useSyncStatus } from './use-sync-status.ts';
