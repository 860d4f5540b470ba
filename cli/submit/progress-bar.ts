// Progress on standard error: a bar on a terminal, a line now and then elsewhere.

export interface ProgressState {
  readonly done: number;
  readonly rejected: number;
  /** Undefined while it is not known. */
  readonly total: number | undefined;
}

export interface ProgressBar {
  stop(): void;
}

const WIDTH = 30;

/** Shows `state()` until stopped. `what`: the things that are counted. */
export function showProgress(state: () => ProgressState, what = 'reports'): ProgressBar {
  const terminal = process.stderr.isTTY;
  const startedMs = performance.now();
  const show = (): void => {
    const { done, rejected, total } = state();
    const seconds = (performance.now() - startedMs) / 1000;
    const rate = Math.round(done / Math.max(seconds, 0.001));
    const share = total === undefined || total === 0 ? undefined : Math.min(1, done / total);
    const filled = Math.round((share ?? 0) * WIDTH);
    const bar =
      share === undefined
        ? ''
        : `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${Math.round(share * 100)} %  `;
    const line = `${bar}${done} ${what}  ${rate}/s  ${rejected} rejected`;
    process.stderr.write(terminal ? `\r${line}\u001b[K` : `${line}\n`);
  };
  const timer = setInterval(show, terminal ? 200 : 5_000);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      if (terminal) {
        show();
        process.stderr.write('\n');
      }
    },
  };
}
