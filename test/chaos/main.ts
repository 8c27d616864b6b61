import { crashRounds } from './crash';

const report = await crashRounds({
  rounds: Number(process.argv[2] ?? 5),
  seed: Number(process.argv[3] ?? 1),
  say: (t) => process.stderr.write(`${t}\n`),
});
process.stdout.write(
  JSON.stringify(
    {
      ...report,
      flatMs: [
        report.flatMs[0],
        report.flatMs[Math.floor(report.flatMs.length / 2)],
        report.flatMs.at(-1),
      ],
    },
    null,
    1,
  ),
);
process.exit(0);
