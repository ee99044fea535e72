import { serveSessions } from '../../workers/sessions.ts';
import { serveParent } from '../worker-side.ts';

/** The utility process "sessions". */
serveParent((transport) => serveSessions(transport));
