/**
 * What stands at the sites of telecom power and IT, as `kind` of an asset names it; the texts name them in words. An
 * asset may be of a kind that is not listed: then its kind stands in the words of whoever wrote it down.
 */
export const ASSET_KINDS = [
  'switchingPower',
  'rectifier',
  'monitor',
  'battery',
  'lithiumBattery',
  'acDistribution',
  'dcDistribution',
  'ups',
  'inverter',
  'genset',
  'airConditioner',
  'environmentMonitor',
  'olt',
  'router',
  'switch',
  'server',
] as const;
