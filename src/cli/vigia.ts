import { backupGateway } from './backup';
import { compareCommand, exportCommand, verifyCommand } from './records';
import { replayFile } from './replay';
import { signUpdate } from './signUpdate';

const USAGE = `vigia verify <record>
vigia compare <record> <record>
vigia export <log or mirror> <target> [--from <day or instant>] [--to <day or instant>]
             [--format folder|zip|jsonl|csv]
vigia backup <gateway's dataDir> <new folder>
vigia monitor replay <window file>
vigia sign-update <update server's folder> --key <file>

A record is a log, an audit mirror, or an export: its folder or its zip.
verify hashes every event afresh, from the first one on, and checks the gateway's signatures; compare
says whether two records are of one log and where they part; export writes a piece of a log for others
to verify; backup copies a running gateway's log with its key and verifies the copy; monitor replay judges a window that the monitor kept anew;
sign-update signs the manifests by which terminals update themselves, and prints the key they are to be given.
Exit: 0 it holds, 1 it does not, 2 it could not be read.
`;

/** @returns the exit code. */
export async function run(
  argv: readonly string[],
  print: (line: string) => void,
): Promise<0 | 1 | 2> {
  const [command, ...args] = argv;
  const [first, second] = args;
  if (command === 'monitor' && first === 'replay' && args.length === 2) {
    return replayFile(second as string, print);
  }
  if (command === 'verify' && args.length === 1) return verifyCommand(first as string, print);
  if (command === 'compare' && args.length === 2) {
    return compareCommand(first as string, second as string, print);
  }
  if (command === 'backup' && args.length === 2) {
    return backupGateway(
      first as string,
      second as string,
      (copy) => verifyCommand(copy, print),
      print,
    );
  }
  if (command === 'sign-update' && second === '--key' && args.length === 3) {
    return signUpdate(first as string, args[2] as string, print);
  }
  const exported = command === 'export' ? exportCommand(args, print) : null;
  if (exported) return exported;
  print(USAGE);
  return 2;
}

// Tests import `run`; the program is this file started by name.
if (/vigia(\.js|\.ts)?$/.test(process.argv[1] ?? '')) {
  process.exitCode = await run(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
}
