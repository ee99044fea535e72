/** What a broken rule means to those who rely on it. */
export const FAULT_CLASSES = ['lost', 'duplicated', 'diverged', 'leaked', 'stuck', 'unbalanced'] as const;
export type FaultClass = (typeof FAULT_CLASSES)[number];

/** Rule of docs/spec/simulation.md -> class. A fact that is wrongly refused is lost to its author. */
const CLASS_OF: Readonly<Record<string, FaultClass>> = {
  SIM1: 'lost',
  SIM2: 'duplicated',
  SIM3: 'diverged',
  SIM4: 'leaked',
  SIM5: 'unbalanced',
  SIM6: 'stuck',
  SIM7: 'diverged',
  SIM8: 'lost',
  SIM9: 'stuck',
  SIM10: 'diverged',
};

/** The id at the head of a fault's text. */
export function ruleOf(fault: string): string {
  return fault.slice(0, fault.indexOf(' '));
}

/** The class of a fault. @throws Error when it names no rule. */
export function classOf(fault: string): FaultClass {
  const found = CLASS_OF[ruleOf(fault)];
  if (found === undefined) throw new Error(`A fault without a rule: ${fault}`);
  return found;
}
