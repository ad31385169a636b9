import { once } from 'node:events';
import { Command as CommanderCommand, CommanderError } from 'commander';
import { InterruptedError, OptionError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { nearest } from '../errors/nearest.js';
import { RetortError } from '../errors/retort-error.js';
import { packageVersion } from '../files/package-version.js';
import { asciiFlag, normaliseArguments, sameName } from './arguments.js';
import type { Command, CommandIo, CommandUsage } from './command.js';
import type { Configured } from './config/configured.js';
import { declareOptions, examplesText, helpStyle } from './help.js';
import { namedLimit } from './machine-limits.js';
import { flagName, type RawOptions, withFlagNames, withShortForms } from './options.js';
import { createProgress } from './progress.js';
import { canAsk, isConfirmed } from './question.js';
import { colorsFor, DEFAULT_COLUMNS, type Environment, shownLine, shownText, type TextStream } from './terminal.js';

/** All that the frame takes from the process around it. */
export type Surroundings = {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: Environment;
  readonly interruption: () => AbortSignal;
  /** What an interrupted command ends with: 128 and the number of the signal, as a shell says it. Default: 130, Ctrl-C. */
  readonly interruptedCode?: () => number;
};

const CONFIG_FILE = /\.ya?ml$/i;
const DASH_NOTICE = 'typographic dashes, as in pasted commands, were read as - or --';

/**
 * Runs one command line. Never throws and never ends the process.
 * @param words the command line without node and script
 * @returns the exit code: 0 fine, 1 failed, 2 wrong use, 130 or 143 (SIGTERM) interrupted and resumable
 */
export async function runCommandLine(
  words: readonly string[],
  commands: readonly Command[],
  around: Surroundings,
): Promise<number> {
  try {
    return await dispatch(words, commands, around);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return reportFailure(error, words, around);
  }
}

async function dispatch(words: readonly string[], commands: readonly Command[], around: Surroundings): Promise<number> {
  let exitCode = 0;
  const [first = '--help', ...rest] = words;
  const flag = asciiFlag(first);
  const program = buildProgram(commands, around, commandLineOf(words), (code) => {
    exitCode = code;
  });
  if (['--version', '-V', '-v'].includes(flag)) {
    around.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  if (['--help', '-h', 'help'].includes(flag)) {
    const about = rest[0] === undefined ? undefined : findCommand(rest[0], commands).usage;
    if (about !== undefined) await addFurtherHelp(program, about, rest.slice(1), around);
    const topic = about === undefined ? [] : [about.name];
    await program.parseAsync([...topic, '--help'], { from: 'user' });
    return 0;
  }
  if (flag.startsWith('-')) throw misplacedFlag(flag, commands);

  const { usage } = findCommand(first, commands);
  const { words: normal, sawTypographicDash } = normaliseArguments(`retort ${usage.name}`, usage.options, rest);
  if (sawTypographicDash && !normal.includes('--quiet')) writeNotice(DASH_NOTICE, around);
  if (normal.some((word) => word === '--help' || word === '-h')) {
    await addFurtherHelp(program, usage, normal, around);
  }
  await program.parseAsync([usage.name, ...normal], { from: 'user' });
  return exitCode;
}

async function addFurtherHelp(
  program: CommanderCommand,
  { name, furtherHelp }: CommandUsage,
  words: readonly string[],
  around: Surroundings,
): Promise<void> {
  if (furtherHelp === undefined) return;
  const text = await furtherHelp(words, around.stdout.columns ?? DEFAULT_COLUMNS);
  program.commands.find((command) => command.name() === name)?.addHelpText('after', `\n${text}`);
}

function buildProgram(
  commands: readonly Command[],
  around: Surroundings,
  commandLine: string,
  onExitCode: (code: number) => void,
): CommanderCommand {
  const colors = colorsFor(around.stdout, around.environment);
  const columns = around.stdout.columns ?? DEFAULT_COLUMNS;
  const program = new CommanderCommand('retort');
  program
    .description('Knowledge distillation: train a teacher, distil a small student, prove that it helped.')
    .usage('<command> [options]')
    .option('-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      // What the parser would say on its own; our messages go through reportFailure.
      writeErr: () => {},
      writeOut: (text) => around.stdout.write(text),
      getOutHelpWidth: () => columns,
      getOutHasColors: () => colors.isColorSupported,
    })
    .configureHelp({ ...helpStyle(colors), subcommandTerm: (sub) => sub.name() });
  const examples = commands.flatMap(({ usage }) => usage.examples.slice(0, 1));
  if (examples.length > 0) {
    program.addHelpText('after', `\n${examplesText(examples, columns, colors)}`);
    program.addHelpText('after', '\nMore: retort <command> --help. Names may be written with - or with _.');
  }
  for (const command of commands) {
    const { usage } = command;
    const sub = program
      .command(usage.name)
      .summary(usage.summary)
      .description(usage.description ?? usage.summary);
    declareOptions(sub, usage);
    sub.helpOption('-h, --help', 'print this help').usage(usageLine(command));
    sub.allowExcessArguments(true);
    sub.addHelpText('after', `\n${examplesText(usage.examples, columns, colors)}`);
    sub.action(async () => onExitCode(await runCommand(command, rawOptions(command, sub), around, commandLine)));
  }
  return program;
}

function usageLine({ usage }: Command): string {
  const operands = Object.values(usage.options).flatMap((spec) => {
    if (spec.kind !== 'operand') return [];
    const name = `${spec.placeholder}${spec.many ? '...' : ''}`;
    return spec.required ? [`<${name}>`] : [`[${name}]`];
  });
  return [...operands, '[options]'].join(' ');
}

function rawOptions({ usage }: Command, parsed: CommanderCommand): RawOptions {
  const written = parsed.opts<Readonly<Record<string, unknown>>>();
  const flags = new Map<string, string | true>();
  for (const [key, spec] of Object.entries(usage.options)) {
    const value = written[flagName(key, spec)];
    if (typeof value === 'string' || value === true) flags.set(key, value);
  }
  return withShortForms(usage.options, { flags, operands: parsed.args });
}

/** As it can be pasted into a POSIX shell. */
function commandLineOf(words: readonly string[]): string {
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return ['retort', ...quoted].join(' ');
}

async function runCommand(
  command: Command,
  raw: RawOptions,
  around: Surroundings,
  commandLine: string,
): Promise<number> {
  const configured = await withConfig(command.usage, raw);
  const { notices, run } = startOf(command, configured);
  const isQuiet = raw.flags.has('quiet');
  const progress = await createProgress(around.stderr, {
    isQuiet,
    colors: colorsFor(around.stderr, around.environment),
    isDumb: around.environment.TERM === 'dumb',
    isBrief: command.usage.hasManyRuns === true,
  });
  /** A command that opens one model twice has the same to say of it twice. */
  const told = new Set<string>();
  const io: CommandIo = {
    stdin: around.stdin,
    columns: around.stdout.columns,
    write: async (text) => {
      if (!around.stdout.write(shownText(text))) await once(around.stdout, 'drain');
    },
    interruption: around.interruption,
    commandLine,
    ...(configured.text !== undefined && { config: configured.text }),
    ...(configured.source !== undefined && { fromConfig: configured.source }),
    ...(canAsk(around) && { confirm: (question) => isConfirmed(question, around, progress.close) }),
    onEvent: (event) => {
      if (event.type === 'notice') io.onNotice(event.text);
      else if (event.type === 'download') progress.onDownload(event.model, event.progress);
      else progress.onEvent(event);
    },
    onDownload: progress.onDownload,
    onLabelling: progress.onLabelling,
    say: progress.print,
    onNotice: (text) => {
      if (!told.has(text)) progress.onEvent({ type: 'notice', text });
      told.add(text);
    },
  };
  try {
    for (const notice of [...configured.notices, ...notices]) io.onNotice(notice);
    const output = await run(io).catch((error: unknown) => {
      throw configured.located(withFlagNames(error, command.usage.options));
    });
    progress.close();
    if (output === undefined) return 0;
    const text = raw.flags.has('json') ? JSON.stringify(output.json) : output.text;
    await io.write(text.endsWith('\n') ? text : `${text}\n`);
    return output.exitCode ?? 0;
  } finally {
    progress.close();
  }
}

/** What a retort.yaml among the words says, with the flags beside it; without one, what was written. */
async function withConfig({ config }: CommandUsage, raw: RawOptions): Promise<Partial<Configured> & WithFlags> {
  const file = config === undefined ? undefined : raw.operands.find((word) => CONFIG_FILE.test(word));
  if (config === undefined || file === undefined) return { raw, notices: [], located: (error) => error };
  const { configured } = await import('./config/configured.js');
  return configured(config, raw, file);
}

type WithFlags = Pick<Configured, 'raw' | 'notices' | 'located'>;

function startOf(command: Command, { raw, located }: WithFlags): ReturnType<Command['start']> {
  try {
    return command.start(raw);
  } catch (error) {
    throw located(error);
  }
}

function findCommand(written: string, commands: readonly Command[]): Command {
  const command = commands.find(({ usage }) => sameName(usage.name, written));
  if (command !== undefined) return command;
  const names = commands.map(({ usage }) => usage.name);
  const near = nearest(written.replaceAll('_', '-'), names);
  throw new OptionError({
    where: 'retort',
    wanted: names.length === 0 ? 'a command' : `one of the commands ${names.join(', ')}`,
    got: `'${written}'`,
    fix: near === undefined ? 'see retort --help' : `did you mean retort ${near}?`,
  });
}

function misplacedFlag(written: string, commands: readonly Command[]): OptionError {
  const name = written.replace(/^-+/, '').replace(/=.*$/s, '');
  const owner = commands.find(({ usage }) =>
    Object.entries(usage.options).some(([key, spec]) => spec.kind !== 'operand' && sameName(flagName(key, spec), name)),
  );
  return new OptionError({
    where: 'retort',
    wanted: 'the command first',
    got: `'${written}'`,
    fix:
      owner === undefined
        ? 'see retort --help'
        : `write it after the command, as in retort ${owner.usage.name} ${written}`,
  });
}

function writeNotice(text: string, around: Surroundings): void {
  around.stderr.write(`${colorsFor(around.stderr, around.environment).yellow('note:')} ${text}\n`);
}

/**
 * Tells the user what went wrong on stderr, and a program on stdout if it asked for JSON.
 * @returns the exit code
 */
export function reportFailure(error: unknown, words: readonly string[], around: Surroundings): number {
  const label = colorsFor(around.stderr, around.environment).red('error:');
  const failure = namedLimit(error);
  const isOurs = failure instanceof RetortError;
  const text = messageOf(failure);
  const message = isOurs ? text : `${text.split('\n', 1)[0]} (${BUG_HINT})`;
  around.stderr.write(`${label} ${shownLine(message)}\n`);
  if (around.environment.RETORT_DEBUG === '1' && error instanceof Error) {
    around.stderr.write(`${shownText(error.stack ?? '')}\n`);
  }
  const exitCode = exitCodeOf(failure, around);
  if (words.includes('--json')) {
    const details = isOurs ? { where: failure.where, wanted: failure.wanted, got: failure.got, fix: failure.fix } : {};
    const kind = isOurs ? failure.name : 'Defect';
    around.stdout.write(`${shownText(JSON.stringify({ error: { kind, message, ...details, exitCode } }))}\n`);
  }
  return exitCode;
}

function exitCodeOf(failure: unknown, { interruptedCode }: Surroundings): number {
  if (failure instanceof InterruptedError) return interruptedCode?.() ?? failure.exitCode;
  return failure instanceof RetortError ? failure.exitCode : 1;
}

const BUG_HINT = 'this is a bug in retort; with RETORT_DEBUG=1 the stack is printed, please send it to us';
