// lachan audit: the proof that every record of the log is exactly one row.
import type { Command } from 'commander';
import { withOperations } from '../embedded/open.js';
import { formatTable } from '../format-rows.js';
import { dataDirOption, jsonOption } from '../options.js';

interface Flags {
  readonly dataDir: string;
  readonly json?: boolean;
}

export function addAudit(program: Command): void {
  program
    .command('audit')
    .description('prove that every record of the log is exactly one row; exit status 1 when it is not so')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action(async (flags: Flags) => {
      const found = await withOperations(flags.dataDir, (operations) => operations.audit());
      if (flags.json === true) process.stdout.write(`${JSON.stringify({ ok: found.holds, ...found })}\n`);
      else {
        process.stdout.write(formatTable(found.partitions.map((partition) => ({ ...partition }))));
        process.stdout.write(
          `rows ${found.tableRows}, in the totals view ${found.viewRows}; ` +
            `reports ${found.reports}, distinct ${found.distinctReports}\n`,
        );
        process.stdout.write(found.holds ? 'The audit holds.\n' : `The audit does NOT hold:\n`);
        for (const problem of found.problems) process.stdout.write(`  ${problem}\n`);
      }
      if (!found.holds) process.exitCode = 1;
    });
}
