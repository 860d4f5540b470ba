// lachan audit: the proof that every record of the log is exactly one row.
import type { Command } from 'commander';
import { formatTable } from '../format-rows.js';
import { jsonOption } from '../options.js';
import { addWhere, withOperations, type Where } from '../with-operations.js';

interface Flags extends Where {
  readonly json?: boolean;
}

export function addAudit(program: Command): void {
  addWhere(
    program
      .command('audit')
      .description('prove that every record of the log is exactly one row; exit status 1 when it is not so')
      .addOption(jsonOption())
      .action(async (flags: Flags) => {
        const found = await withOperations(flags, (operations) => operations.audit());
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
      }),
  );
}
