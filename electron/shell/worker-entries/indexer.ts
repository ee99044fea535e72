import { serveLogs } from '../../workers/indexer.ts';
import { setLogTaskEntry } from '../../services/logs/log-task.ts';
import { serveParent } from '../worker-side.ts';

/** The utility process "indexer". Its threads run the file that the build puts beside this one. */
setLogTaskEntry(new URL('log-tasks.mjs', import.meta.url));
serveParent((transport) => serveLogs(transport));
