import { z } from 'zod';
import { serveReports } from '../../workers/reports.ts';
import { serveParent } from '../worker-side.ts';

const Settings = z.object({ blobsDir: z.string(), fontsDir: z.string().optional() });

/** The utility process "reports". */
serveParent((transport, settings) => serveReports(transport, Settings.parse(settings)));
