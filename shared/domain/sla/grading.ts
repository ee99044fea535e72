import { type Grade, GRADES, type Grading, type SlaFacts } from './facts.ts';

/** By time; of two gradings at one instant the graver is the later, so that the order of arrival decides nothing. */
export function gradingsInOrder(gradings: readonly Grading[]): readonly Grading[] {
  if (gradings.length < 2) return gradings;
  return gradings.toSorted((a, b) => a.at - b.at || GRADES.indexOf(b.grade) - GRADES.indexOf(a.grade));
}

/** The grade that the ticket has after all its gradings; undefined before the first. */
export function currentGrade(facts: SlaFacts): Grade | undefined {
  return gradingsInOrder(facts.gradings).at(-1)?.grade;
}
