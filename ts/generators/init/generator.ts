import { execSync } from 'node:child_process'
import type { GeneratorCallback, Tree } from '@nx/devkit'
import { format } from '../format'
import { devkit } from '../json'
import { readSection } from '../section'
import { terminal } from '../terminal'
import trust from '../trust/generator'
import { say } from '../words'
import { closingWords } from './closing-words'
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
  const before = tree.read('package.json', 'utf8')
  const installed = installAlias(tree)
  listPlugin(tree)
  const mustInstall = tree.read('package.json', 'utf8') !== before && !options.skipInstall
  const finishTrust = complete.trust ? await trust(tree, { skipFormat: true }) : undefined
  if (!options.skipFormat) await format(tree)
  const words = closingWords(tree, readSection(tree), installed)
  return async () => {
    if (mustInstall) install(tree.root)
    say(words)
    await finishTrust?.()
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

export function install(root: string): void {
  const { detectPackageManager, getPackageManagerCommand } = devkit()
  const command = getPackageManagerCommand(detectPackageManager(root), root).install
  execSync(command, { cwd: root, stdio: 'inherit', windowsHide: true })
}
