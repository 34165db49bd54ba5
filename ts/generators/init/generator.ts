import { execFileSync, execSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { GeneratorCallback, Tree } from '@nx/devkit'
import { commandsOf, packageManager } from '../commands'
import { format } from '../format'
import { readSection } from '../section'
import { isYes, terminal } from '../terminal'
import trust from '../trust/generator'
import { say } from '../words'
import { checkSettings } from './check'
import { closingWords, worksWith } from './closing-words'
import { installAlias } from './dependencies'
import { type InitOptions, refuseSecrets, writeSettings } from './options'
import { listPlugin } from './plugin'
import { askForMissing } from './questions'

/**
 * `nx g nx-s3-cache:init`, which `nx add nx-s3-cache` runs: writes the `s3` section of nx.json and installs this
 * package under the name Nx looks for. Running it again changes only what its flags say.
 */
export default async function init(tree: Tree, options: InitOptions): Promise<GeneratorCallback> {
  refuseSecrets(options)
  const complete = await withAnswers(tree, options)
  writeSettings(tree, complete)
  const warnings = await checkSettings(tree)
  const before = tree.read('package.json', 'utf8')
  const installed = installAlias(tree)
  listPlugin(tree)
  const mustInstall = tree.read('package.json', 'utf8') !== before && !options.skipInstall
  const finishTrust = complete.trust ? await trust(tree, { skipFormat: true }) : undefined
  if (!options.skipFormat) await format(tree)
  const words = [...warnings, ...closingWords(tree, readSection(tree), installed, commandsOf(tree))]
  return async () => {
    if (mustInstall) install(tree)
    say(words)
    await finishTrust?.()
    if (worksWith(tree)) await offerDoctor(tree)
  }
}

async function withAnswers(tree: Tree, options: InitOptions): Promise<InitOptions> {
  const shell = terminal()
  if (!shell) return options
  try {
    return { ...options, ...(await askForMissing(options, readSection(tree), shell.ask)) }
  } finally {
    shell.close()
  }
}

/** In a terminal, shows whether the bucket can be reached. What it finds is for the reader: the generator succeeded. */
async function offerDoctor(tree: Tree): Promise<void> {
  const shell = terminal()
  if (!shell) return
  const answer = await shell.ask('Check the connection to the bucket now? (Y/n) ')
  shell.close()
  if (!isYes(answer)) return
  const options = { cwd: tree.root, stdio: 'inherit', windowsHide: true } as const
  // The copy that was installed: the one that runs this may be gone.
  const program = join(tree.root, 'node_modules/@nx/s3-cache/dist/cli.js')
  try {
    if (existsSync(program)) execFileSync(process.execPath, [program, 'doctor'], options)
    else execSync(commandsOf(tree).ours('doctor'), options) // Yarn's Plug'n'Play has no node_modules
  } catch {
    // It has said what is wrong.
  }
}

/** Installs what package.json lists. */
export function install(tree: Tree): void {
  execSync(packageManager(tree).install, { cwd: tree.root, stdio: 'inherit', windowsHide: true })
}
