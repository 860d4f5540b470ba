// Runs once in vitest's own process: names the run, so that its test files share one broker. The broker ends with it.
export function setup(): void {
  process.env['LACHAN_TEST_RUN_PID'] = String(process.pid);
}
