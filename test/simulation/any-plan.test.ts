import fc from 'fast-check';
import { expect, it } from 'vitest';

import { arbitraryPlan } from './arbitrary-plan.js';
import { simulate } from './world.js';

const runs = Number(process.env['LACHAN_SIMULATION_RUNS'] ?? 500);
const seed = Number(process.env['LACHAN_SIMULATION_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

it(`what landed is what was accepted, whatever comes and happens (${runs} runs, LACHAN_SIMULATION_SEED=${seed})`, async () => {
  let moments = 0;
  let processes = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryPlan, async (plan) => {
      const outcome = await simulate(plan);
      moments += outcome.moments.length;
      processes += outcome.processes;
      expect(outcome.violations).toEqual([]);
    }),
    { numRuns: runs, seed },
  );
  process.stdout.write(`seed ${seed}: ${runs} runs, ${processes} processes, ${moments} moments\n`);
  expect(processes).toBeGreaterThan(runs);
});
