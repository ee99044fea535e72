export { tellEvent, type EventTeller } from './tell-event.ts';
export { useDirectory } from './use-ticket-names.ts';
