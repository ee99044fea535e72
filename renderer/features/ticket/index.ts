export { tellEvent } from './tell-event.ts';
export { useDirectory } from './use-ticket-names.ts';
